import { expect, it } from 'vitest';
import { parseNetnsMounts } from '../../../src/procfs/netns-mounts.ts';

it('network namespaces of mountinfo have a path and an inode; other mounts and namespaces are left out', () => {
  const mountinfo = `22 27 0:21 / /proc rw,relatime shared:13 - proc proc rw
531 25 0:4 net:[4026532290] /run/docker/netns/ingress_sbox rw shared:262 - nsfs nsfs rw
532 25 0:4 net:[4026532291] /tmp/with\\040blank\\134x rw - nsfs nsfs rw
533 25 0:4 mnt:[4026532292] /run/snapd/ns/lxd.mnt rw - nsfs nsfs rw
534 25 0:4 net:[4026532293] /run/netns/blue rw shared:1 master:2 propagate_from:3 - nsfs nsfs rw
535 25 8:1 /net:[1] /mnt rw - ext4 /dev/sda1 rw
`;
  expect(parseNetnsMounts(mountinfo)).toEqual([
    { file: '/run/docker/netns/ingress_sbox', netns: 4026532290 },
    { file: '/tmp/with blank\\x', netns: 4026532291 },
    { file: '/run/netns/blue', netns: 4026532293 },
  ]);
});
