import { expect, test } from 'vitest';
import { remoteMounts } from '../../../src/procfs/mount-types.ts';

test('mounts whose server can be gone, with their paths; local ones are left out', () => {
  const mountinfo = `22 27 0:21 / / rw,relatime shared:13 - overlay overlay rw
42 22 0:37 / /mnt/with\\040blank rw shared:21 - nfs4 10.0.0.9:/share rw
43 22 0:38 / /mnt/win rw - cifs //10.0.0.9/c rw
44 22 0:39 / /mnt/sshfs rw,nosuid shared:1 master:2 - fuse.sshfs user@host:/ rw
45 22 0:40 / /auto rw - autofs systemd-1 rw
46 22 0:41 / /own rw - fuse.fuse-overlayfs fuse-overlayfs rw
47 22 8:1 / /usb rw - fuseblk /dev/sda1 rw
48 22 8:1 /conf /etc/app rw - ext4 /dev/sda1 rw
`;
  expect(remoteMounts(mountinfo)).toEqual(['/mnt/with blank', '/mnt/win', '/mnt/sshfs', '/auto']);
});
