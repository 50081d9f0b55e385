import { describe, expect, test } from 'vitest';
import { parseConmon } from '../../../src/procfs/conmon.ts';

const ID = 'c49a88e90ca29985a6fbfb6fd847074a68d8f8e531e3e215239ed40fd535255e';
const STORAGE = '/var/lib/containers/storage/overlay-containers';

/** A command line of Podman 4.3, shortened. */
const PODMAN = `/usr/bin/conmon --api-version 1 -c ${ID} -u ${ID} -r /usr/bin/runc -b ${STORAGE}/${ID}/userdata
  -p /run/containers/pidfile -n solo --exit-dir /run/libpod/exits --full-attach -l k8s-file:${STORAGE}/ctr.log
  --log-level warning --runtime-arg --log-format=json --exit-command /usr/bin/podman --exit-command-arg --root
  --exit-command-arg -n --exit-command-arg other --exit-command-arg container --exit-command-arg cleanup`.split(/\s+/);

/** By CRI-O's documentation: internal/oci/runtime_oci.go. */
const CRIO = `/usr/bin/conmon -b /run/containers/storage/overlay-containers/${ID}/userdata -c ${ID}
  --exit-dir /var/run/crio/exits -l /var/log/pods/x.log --log-level info -n k8s_web_shop-1_prod_0_0
  -P /run/conmon-pidfile -p /run/pidfile --persist-dir /var/lib/x -r /usr/bin/crun --runtime-arg --root=/run/crun -u ${ID} -s`.split(
  /\s+/,
);

describe('the command line of conmon', () => {
  test("Podman's: id, name and storage; arguments for others are not its own", () => {
    expect(parseConmon(PODMAN)).toEqual({ id: ID, name: 'solo', manager: 'podman', storage: STORAGE });
  });

  test("CRI-O's", () => {
    const storage = '/run/containers/storage/overlay-containers';
    expect(parseConmon(CRIO)).toEqual({ id: ID, name: 'k8s_web_shop-1_prod_0_0', manager: 'cri-o', storage });
  });

  test('that of `podman exec` is none of a container', () => {
    const words = [...PODMAN.slice(0, 4), '-e', '--exec-process-spec', '/x', ...PODMAN.slice(4)];
    expect(parseConmon(words)).toBeUndefined();
    expect(parseConmon([...PODMAN, '--exec-attach', '-e'])).toBeUndefined();
  });

  test.each([
    ['no name', ['conmon', '-c', ID]],
    ['no id', ['conmon', '-n', 'solo']],
    ['a value is missing', ['conmon', '-c', ID, '-n']],
    ['an id that is none', ['conmon', '-c', '../../etc', '-n', 'solo']],
    ['a name with control characters', ['conmon', '-c', ID, '-n', 'a\u001b[2J']],
    ['a name with a line feed', ['conmon', '-c', ID, '-n', 'a\nb']],
    ['nothing', []],
  ])('%s: not one of a container', (_, words) => {
    expect(parseConmon(words)).toBeUndefined();
  });

  test.each([
    ['relative', `storage/overlay-containers/${ID}/userdata`],
    ['of another form', '/etc'],
    ['with a step up', `/var/lib/overlay-containers/../${ID}/userdata`],
  ])('a bundle that is %s leads to no storage', (_, bundle) => {
    expect(parseConmon(['conmon', '-c', ID, '-n', 'solo', '-b', bundle])).not.toHaveProperty('storage');
  });
});
