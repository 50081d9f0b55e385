import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  cgroupIdOfPath,
  containerOfCgroup,
  containerOfCgroupText,
  containerOfProcess,
  parseCgroup,
  readCgroupId,
} from '../../../src/procfs/cgroup.ts';

const ID = '71d919762bb95b397f05e2622ffd2bfdd5c536dfb69a0bdab4557e139678e28a';
const OTHER = '403b48a2001ab86aaf20fea97ff173533f2d6ffca57da6e3c0b5da47a0ab161c';
const POD = '0d206f29_90c5_4b5e_8a5c_ab6a4c4d3d8e';
const TASK = '4b1d3ab4f9f04b4e8a4fbb6d0e3b3c11';

/** Paths as the runtimes make them, and whose they are. */
const PATHS: [path: string, runtime: string, id?: string][] = [
  [`/docker/${ID}`, 'docker'],
  [`/system.slice/docker-${ID}.scope`, 'docker'],
  [`/my/parent/${ID}`, 'docker'],
  [`/parent.slice/docker-${ID}.scope`, 'docker'],
  [`/actions_job/${ID}`, 'docker'],
  [`/system.slice:docker:${ID}`, 'docker'],
  [`/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${ID}.scope`, 'docker'],
  [`/kubepods/burstable/pod0d206f29-90c5-4b5e-8a5c-ab6a4c4d3d8e/${ID}`, 'kubernetes'],
  [`/kubepods/pod0d206f29-90c5-4b5e-8a5c-ab6a4c4d3d8e/${ID}`, 'kubernetes'],
  [`/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${POD}.slice/docker-${ID}.scope`, 'docker'],
  [`/kubepods.slice/kubepods-pod${POD}.slice/cri-containerd-${ID}.scope`, 'containerd'],
  [`/system.slice/containerd.service/kubepods-besteffort-pod${POD}.slice:cri-containerd:${ID}`, 'containerd'],
  [`/kubepods/besteffort/pod0d206f29-90c5-4b5e-8a5c-ab6a4c4d3d8e/crio-${ID}`, 'cri-o'],
  [`/kubepods.slice/kubepods-pod${POD}.slice/crio-${ID}.scope`, 'cri-o'],
  [`/kubepods.slice/kubepods-pod${POD}.slice/crio-${ID}.scope/container`, 'cri-o'],
  [`/default/${ID}`, 'containerd'],
  [`/system.slice/nerdctl-${ID}.scope`, 'containerd'],
  [`/libpod_parent/libpod-${ID}`, 'podman'],
  [`/machine.slice/libpod-${ID}.scope`, 'podman'],
  [`/machine.slice/libpod-${ID}.scope/container`, 'podman'],
  [`/machine.slice/machine-libpod_pod_${OTHER}.slice/libpod-${ID}.scope`, 'podman'],
  [`/libpod_parent/${OTHER}/libpod-${ID}`, 'podman'],
  [`/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope`, 'podman'],
  [`/system.slice/web.service/libpod-payload-${ID}`, 'podman'],
  [`/ecs/${TASK}/${ID}`, 'docker'],
  [`/ecs/production/${TASK}/${ID}`, 'docker'],
  [`/ecstasks.slice/ecstasks-${TASK}.slice/docker-${ID}.scope`, 'docker'],
  [`/ecs/${TASK}/${TASK}-1234567890`, 'ecs', `${TASK}-1234567890`],
  // Containers in containers: the innermost one.
  [`/docker/${OTHER}/docker/${ID}`, 'docker'],
  [`/docker/${OTHER}/kubelet.slice/kubelet-kubepods-pod${POD}.slice/cri-containerd-${ID}.scope`, 'containerd'],
  [`/docker/${ID}/init.scope`, 'docker'],
  [`/docker/${ID}/system.slice/nginx.service`, 'docker'],
  // A monitor in a container belongs to that container.
  [`/docker/${ID}/machine.slice/libpod-conmon-${OTHER}.scope`, 'docker'],
  // From within another cgroup namespace.
  [`/../../../docker/${ID}`, 'docker'],
  [`/../docker-${ID}.scope`, 'docker'],
];

test.each(PATHS)('%s is a container of %s', (cgroup, runtime, id = ID) => {
  expect(containerOfCgroup(cgroup)).toEqual({ runtime, id });
});

const NONE = [
  '',
  '/',
  '/init.scope',
  '/user.slice/user-1000.slice/session-2.scope',
  '/system.slice/docker.service',
  `/machine.slice/libpod-conmon-${ID}.scope`,
  `/kubepods.slice/kubepods-pod${POD}.slice/crio-conmon-${ID}.scope`,
  `/kubepods.slice/kubepods-burstable-pod${POD}.slice`,
  '/kubepods/burstable/pod0d206f29-90c5-4b5e-8a5c-ab6a4c4d3d8e',
  `/machine.slice/machine-libpod_pod_${ID}.slice`,
  `/libpod_parent/${ID}`,
  // Podman's health check runs on the host, in a unit named after the container.
  `/system.slice/${ID}-5a2b1c0d9e8f7a6b.service`,
  `/system.slice/${ID}.service`,
  // One digit too few, one too many, not hexadecimal.
  `/docker/${ID.slice(1)}`,
  `/docker/a${ID}`,
  `/docker/g${ID.slice(1)}`,
  `/elsewhere/${TASK}/${TASK}-12`,
  `/${TASK}`,
];

test.each(NONE)('%s is no container', (cgroup) => {
  expect(containerOfCgroup(cgroup)).toBeUndefined();
});

describe('the whole file', () => {
  test('version 2 alone', () => {
    expect(containerOfCgroupText(`0::/system.slice/docker-${ID}.scope\n`)).toEqual({ runtime: 'docker', id: ID });
  });

  test('version 1 names it and version 2 does not', () => {
    const text = `12:pids:/docker/${ID}\n4:memory:/docker/${ID}\n1:name=systemd:/docker/${ID}\n0::/\n`;
    expect(containerOfCgroupText(text)).toEqual({ runtime: 'docker', id: ID });
  });

  test('version 2 names it and version 1 does not', () => {
    expect(containerOfCgroupText(`9:name=systemd:/\n4:memory:/\n0::/docker/${ID}\n`)?.id).toBe(ID);
  });

  test('version 2 comes before memory, memory before the rest', () => {
    expect(containerOfCgroupText(`4:memory:/docker/${OTHER}\n0::/docker/${ID}\n`)?.id).toBe(ID);
    expect(containerOfCgroupText(`3:cpuset:/docker/${OTHER}\n4:memory:/docker/${ID}\n`)?.id).toBe(ID);
  });

  test('a removed cgroup is still named', () => {
    expect(containerOfCgroupText(`0::/docker/${ID} (deleted)\n`)?.id).toBe(ID);
  });

  test('nothing', () => {
    expect(containerOfCgroupText('')).toBeUndefined();
    expect(containerOfCgroupText('0::/init.scope\n')).toBeUndefined();
    // Not a container's id: 32 digits outside ECS.
    expect(containerOfCgroupText(`4:memory:/process_api/${TASK}\n0::/\n`)).toBeUndefined();
  });

  test('lines with controllers joined, and colons in the path', () => {
    expect(parseCgroup('3:cpu,cpuacct:/a.slice:docker:b\n1:name=systemd:/x\n0::/y\njunk\n')).toEqual([
      { hierarchy: 3, controllers: 'cpu,cpuacct', path: '/a.slice:docker:b' },
      { hierarchy: 1, controllers: 'name=systemd', path: '/x' },
      { hierarchy: 0, controllers: '', path: '/y' },
    ]);
  });
});

describe('on a fixture tree', () => {
  let root: string;
  beforeEach(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'cgroup-test-'));
  });
  afterEach(() => fs.rmSync(root, { recursive: true }));

  /** A process 7 with this cgroup file. */
  function process7(cgroup: string): string {
    fs.mkdirSync(`${root}/proc/7`, { recursive: true });
    fs.writeFileSync(`${root}/proc/7/cgroup`, cgroup);
    return `${root}/proc`;
  }

  test('a process that has exited', () => {
    expect(containerOfProcess(8, process7(''))).toBeUndefined();
    expect(readCgroupId(8, process7(''))).toBeUndefined();
  });

  test('the id on a host with version 2 alone', () => {
    const directory = `${root}/cgroup/docker/${ID}`;
    fs.mkdirSync(directory, { recursive: true });
    fs.writeFileSync(`${root}/cgroup/cgroup.controllers`, '');
    const { ino } = fs.statSync(directory, { bigint: true });
    expect(readCgroupId(7, process7(`0::/docker/${ID}\n`), `${root}/cgroup`)).toBe(ino);
    expect(containerOfProcess(7, `${root}/proc`)).toEqual({ runtime: 'docker', id: ID });
  });

  test('the id on a hybrid host', () => {
    const directory = `${root}/cgroup/unified/docker/${ID}`;
    fs.mkdirSync(directory, { recursive: true });
    fs.mkdirSync(`${root}/cgroup/docker/${ID}`, { recursive: true });
    const { ino } = fs.statSync(directory, { bigint: true });
    expect(readCgroupId(7, process7(`4:memory:/docker/${OTHER}\n0::/docker/${ID}\n`), `${root}/cgroup`)).toBe(ino);
  });

  test('a name that is not ASCII', () => {
    fs.mkdirSync(`${root}/cgroup/unified/größe.slice`, { recursive: true });
    const { ino } = fs.statSync(`${root}/cgroup/unified/größe.slice`, { bigint: true });
    expect(readCgroupId(7, process7('0::/größe.slice\n'), `${root}/cgroup`)).toBe(ino);
  });

  test('no id for the root, for a path outside, without version 2, and for a removed cgroup', () => {
    fs.mkdirSync(`${root}/cgroup/unified`, { recursive: true });
    expect(cgroupIdOfPath('/', `${root}/cgroup`)).toBeUndefined();
    expect(cgroupIdOfPath('/../../proc', `${root}/cgroup`)).toBeUndefined();
    expect(cgroupIdOfPath('/gone', `${root}/cgroup`)).toBeUndefined();
    expect(readCgroupId(7, process7('4:memory:/a\n'), `${root}/cgroup`)).toBeUndefined();
  });
});

describe('machines, which a name identifies', () => {
  test.each([
    ['0::/lxc.payload.c1', { runtime: 'lxc', id: 'lxc/c1', name: 'c1' }],
    ['0::/lxc.payload.c1/system.slice/nginx.service', { runtime: 'lxc', id: 'lxc/c1', name: 'c1' }],
    ['0::/lxc.payload.my.name-1', { runtime: 'lxc', id: 'lxc/my.name-1', name: 'my.name-1' }],
    // A user's own is another one.
    [
      '0::/user.slice/user-1000.slice/user@1000.service/user.slice/lxc-c1.scope/lxc.payload.c1',
      { runtime: 'lxc', id: 'lxc/1000/c1', name: 'c1' },
    ],
    ['4:memory:/lxc/old', { runtime: 'lxc', id: 'lxc/old', name: 'old' }],
    [
      '0::/machine.slice/machine-web\\x2d1.scope/payload/init.scope',
      { runtime: 'nspawn', id: 'nspawn/web-1', name: 'web-1' },
    ],
    [
      '0::/machine.slice/systemd-nspawn@db.service/payload/system.slice/mariadb.service',
      { runtime: 'nspawn', id: 'nspawn/db', name: 'db' },
    ],
    // Docker inside of a machine.
    [`0::/lxc.payload.c1/system.slice/docker-${'a'.repeat(64)}.scope`, { runtime: 'docker', id: 'a'.repeat(64) }],
  ])('%s', (text, expected) => {
    expect(containerOfCgroupText(`${text}\n`)).toEqual(expected);
  });

  test.each([
    ['the monitor of LXC', '0::/lxc.monitor.c1'],
    ['the supervisor of systemd-nspawn', '0::/machine.slice/machine-web.scope/supervisor'],
    ['a virtual machine', '0::/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator'],
    ['a folder that is merely called so', '0::/system.slice/app.service/payload'],
    ['nothing after the prefix', '0::/lxc.payload.'],
    ['a unit of that name', '0::/system.slice/lxc.service'],
    ['the daemon of LXD', '0::/system.slice/snap.lxd.daemon.service'],
  ])('%s is none', (_, text) => {
    expect(containerOfCgroupText(`${text}\n`)).toBeUndefined();
  });
});
