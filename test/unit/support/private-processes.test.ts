import { expect, test } from 'vitest';
import { membersOf } from '../../support/private-processes.ts';

const FOLDER = '/tmp/socklens-private-7-AbCdEf';
const OWN = { netns: 'net:[1]', mountNamespace: 'mnt:[1]' };
const PRIVATE = { netns: 'net:[2]', mountNamespace: 'mnt:[2]' };

test('processes of private namespaces: daemons, what shares their namespaces, and containers', () => {
  const processes = [
    { pid: 1, parent: 0, ...OWN, command: 'init' },
    { pid: 10, parent: 1, ...PRIVATE, command: `dockerd\0--data-root=${FOLDER}/data` },
    { pid: 11, parent: 1, ...PRIVATE, command: 'docker-proxy' },
    { pid: 12, parent: 1, ...PRIVATE, command: `containerd-shim\0-address\0${FOLDER}/exec/containerd.sock` },
    { pid: 13, parent: 12, netns: 'net:[3]', mountNamespace: 'mnt:[3]', command: 'sh' },
    { pid: 14, parent: 13, netns: 'net:[3]', mountNamespace: 'mnt:[3]', command: 'sleep' },
  ];
  expect(membersOf(FOLDER, processes, OWN.netns).sort()).toEqual([10, 11, 12, 13, 14]);
});

test("processes of private namespaces: one of the caller's namespace that names the folder is none", () => {
  const processes = [{ pid: 20, parent: 1, ...OWN, command: `less\0${FOLDER}/log` }];
  expect(membersOf(FOLDER, processes, OWN.netns)).toEqual([]);
});
