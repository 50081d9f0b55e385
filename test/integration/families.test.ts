/** Packet, netlink and ICMP sockets of `ls`, against `ss` and what the test opened; vsock where the kernel can list them. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { dumpSockets } from '../../src/collect/dump/dump-sockets.ts';
import { localMachine } from '../../src/collect/local-machine.ts';
import { deviceNames } from '../../src/collect/names/device-names.ts';
import { handleOfProcess } from '../../src/collect/target/find-netns.ts';
import { DiagError, DiagSocket } from '../../src/kernel/diag-socket.ts';
import { SystemCallError } from '../../src/kernel/system-calls.ts';
import { groupNumbers } from '../../src/model/socket/other-endpoint.ts';
import { everySocket } from '../../src/model/socket/socket-query.ts';
import { socklens } from '../support/cli.ts';
import { connectNetns, createNetns, type TestNetns } from '../support/netns.ts';
import { AF, IPPROTO, SOCK } from '../support/recipes/constants.ts';
import { Workshop } from '../support/recipes/workshop.ts';

/** include/uapi/linux/if_ether.h, netlink.h and rtnetlink.h. */
const ETH_P = { ALL: 0x0003, ARP: 0x0806, EXPERIMENTAL: 0x88b5 };
const NETLINK = { ROUTE: 0, KOBJECT_UEVENT: 15, GENERIC: 16 };
const RTMGRP = { LINK: 1, IPV4_IFADDR: 0x10 };

let netns: TestNetns;
let other: TestNetns;
let workshop: Workshop;
let folder: string;
let device: number;
const inodes: Record<string, number> = {};

function sockaddrLl(protocol: number, index: number): Uint8Array {
  // family u16, protocol u16 in network order, ifindex i32, hatype u16, pkttype u8, halen u8, addr[8]
  const bytes = Buffer.alloc(20);
  bytes.writeUInt16LE(AF.PACKET, 0);
  bytes.writeUInt16BE(protocol, 2);
  bytes.writeInt32LE(index, 4);
  return bytes;
}

function sockaddrNl(portId: number, groups: number): Uint8Array {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16LE(AF.NETLINK, 0);
  bytes.writeUInt32LE(portId, 4);
  bytes.writeUInt32LE(groups, 8);
  return bytes;
}

interface Row extends Record<string, unknown> {
  proto: string;
  inode: number;
}

function ls(...args: string[]): { sockets: Row[]; sources: object; coverage: { complete: boolean; notes: string[] } } {
  const { status, stdout, stderr } = socklens(['ls', `netns:${netns.name}`, '--json', ...args]);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** In the order in which the test opened them: the kernel gives inodes out by CPU. */
function asOpened(sockets: readonly Row[]): Row[] {
  const opened = Object.values(inodes);
  return [...sockets].sort((a, b) => opened.indexOf(a.inode) - opened.indexOf(b.inode));
}

function text(...args: string[]): string {
  const { status, stdout, stderr } = socklens(['ls', `netns:${netns.name}`, ...args]);
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'families-'));
  netns = createNetns();
  other = createNetns();
  connectNetns({ netns, addresses: ['10.79.0.1/24', 'fe80::1:1/64'] }, { netns: other, addresses: ['10.79.0.2/24'] });
  device = Number(netns.run('ip', '-o', 'link', 'show', 'eth0').split(':')[0]);
  workshop = await Workshop.start(netns);
  const packet = async (name: string, type: number, protocol: number, index: number) => {
    const fd = await workshop.socket(AF.PACKET, type, 0);
    await workshop.bind(fd, { raw: sockaddrLl(protocol, index) });
    inodes[name] = await workshop.inode(fd);
  };
  await packet('all', SOCK.RAW, ETH_P.ALL, 0);
  await packet('arp', SOCK.DGRAM, ETH_P.ARP, device);
  await packet('numbered', SOCK.RAW, ETH_P.EXPERIMENTAL, device);
  const netlink = async (name: string, protocol: number, groups: number) => {
    const fd = await workshop.socket(AF.NETLINK, SOCK.RAW, protocol);
    await workshop.bind(fd, { raw: sockaddrNl(0, groups) });
    inodes[name] = await workshop.inode(fd);
  };
  await netlink('route', NETLINK.ROUTE, RTMGRP.LINK | RTMGRP.IPV4_IFADDR);
  await netlink('uevent', NETLINK.KOBJECT_UEVENT, 1);
  netns.run('sysctl', '-qw', 'net.ipv4.ping_group_range=0 2147483647');
  const ping = async (name: string, family: number, protocol: number, host: string) => {
    const fd = await workshop.socket(family, SOCK.DGRAM, protocol);
    await workshop.bind(fd, { host, port: 4242 });
    inodes[name] = await workshop.inode(fd);
  };
  await ping('icmp', AF.INET, IPPROTO.ICMP, '127.0.0.1');
  await ping('icmp6', AF.INET6, IPPROTO.ICMPV6, '::1');
});
afterAll(async () => {
  await workshop?.stop();
  netns?.remove();
  other?.remove();
  fs.rmSync(folder, { recursive: true, force: true });
});

describe('packet sockets', () => {
  it('have their protocol, interface, type and owner', () => {
    const { sockets, sources } = ls('--packet');
    expect(sources).toEqual({ packet: 'sock_diag' });
    const common = { proto: 'packet', family: 'packet', state: 'CLOSE', uid: 0 };
    const processes = [expect.objectContaining({ pid: workshop.pid })];
    expect(asOpened(sockets)).toEqual([
      expect.objectContaining({
        ...common,
        inode: inodes.all,
        type: 'raw',
        protocol: 3,
        protocolName: 'all',
        processes,
      }),
      expect.objectContaining({
        inode: inodes.arp,
        type: 'dgram',
        protocol: 0x806,
        protocolName: 'arp',
        device: 'eth0',
      }),
      expect.objectContaining({ inode: inodes.numbered, type: 'raw', protocol: 0x88b5, device: 'eth0' }),
    ]);
    const [all, , numbered] = asOpened(sockets);
    expect(all).not.toHaveProperty('device');
    expect(numbered).not.toHaveProperty('protocolName');
  });

  it('are printed as ss prints them', () => {
    const ours = text('-0')
      .split('\n')
      .slice(1, -1)
      .map((line) => line.trim().split(/\s+/)[4]);
    const ss = netns
      .run('ss', '-0aH')
      .split('\n')
      .filter((line) => line !== '');
    // State, queues and the two addresses.
    expect(ours.sort()).toEqual(ss.map((line) => line.trim().split(/\s+/)[4]).sort());
    expect(ours).toHaveLength(3);
  });

  it('are selected by interface and by process', () => {
    expect(
      ls('--packet', 'dev = eth0')
        .sockets.map(({ inode }) => inode)
        .sort(),
    ).toEqual([inodes.arp, inodes.numbered].sort());
    expect(ls('--packet', `process ${workshop.pid}`).sockets).toHaveLength(3);
    const refused = socklens(['ls', `netns:${netns.name}`, '-0', 'sport = 1']);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toContain('sport and dport not applicable to packet sockets');
  });

  it('belong to what ls shows without options, netlink sockets do not', () => {
    const protos = new Set(ls().sockets.map(({ proto }) => proto));
    expect(protos).toContain('packet');
    expect(protos).toContain('icmp');
    expect(protos).not.toContain('netlink');
    expect(new Set(ls('-4').sockets.map(({ proto }) => proto))).not.toContain('packet');
  });
});

describe('without sock_diag', () => {
  const machine = localMachine({});
  const query = { ...everySocket(), protos: ['packet', 'netlink'] as const };
  const read = (on: typeof machine) => {
    const handle = handleOfProcess(on, workshop.pid, { name: 'x', runtime: 'pid' });
    const { sockets, sources, coverage } = dumpSockets(on, handle, query);
    const rows: string[] = [];
    sockets.each((socket) => {
      const { proto, inode, protocol, localPort, interfaceIndex, receiveQueue } = socket;
      rows.push(
        JSON.stringify([proto, inode, protocol, localPort, interfaceIndex, receiveQueue, groupNumbers(socket)]),
      );
    });
    return { rows: rows.sort(), sources, coverage };
  };

  it('/proc has the same sockets', () => {
    const refusing = () => {
      throw new SystemCallError('setns', 1, 'EPERM');
    };
    // The kernel's own socket of sock_diag has a queue while it is asked.
    const still = (row: string) => !/^\["netlink",\d+,4,/.test(row);
    const fromProc = () => {
      const { rows, sources } = read({ ...machine, systemCalls: refusing });
      expect(sources).toEqual({ packet: 'procfs', netlink: 'procfs' });
      return rows.filter(still);
    };
    // The namespace's own multicast may reach a packet socket meanwhile: two moments with the same queues around the dump.
    for (let tries = 0; ; tries++) {
      const before = fromProc();
      const dumped = read(machine).rows.filter(still);
      const after = fromProc();
      if (tries < 100 && before.join() !== after.join()) continue;
      expect(dumped).toEqual(before);
      break;
    }
  });

  it('a protocol whose module is absent is read from /proc alone, with a note', () => {
    const original = DiagSocket.prototype.dump;
    const dump = vi.spyOn(DiagSocket.prototype, 'dump').mockImplementation(function (this: DiagSocket, what, ...rest) {
      if (what === 'packet dump') throw new DiagError(what, 'ENOENT', { refused: true });
      return original.call(this, what, ...rest);
    });
    const { rows, sources, coverage } = read(machine);
    dump.mockRestore();
    expect(sources).toEqual({ packet: 'procfs', netlink: 'sock_diag' });
    expect(coverage).toEqual({
      complete: true,
      notes: [expect.stringMatching(/^packet: read from \/proc.*packet_diag/)],
    });
    expect(rows.filter((row) => row.startsWith('["packet"'))).toHaveLength(3);
  });
});

describe('names of interfaces', () => {
  it('come from /proc where the namespace may not be entered', () => {
    const machine = localMachine({});
    const handle = handleOfProcess(machine, workshop.pid, { name: 'x', runtime: 'pid' });
    const refusing = () => {
      throw new SystemCallError('setns', 1, 'EPERM');
    };
    expect(deviceNames(machine, handle).get(device)).toBe('eth0');
    expect(deviceNames({ ...machine, systemCalls: refusing }, handle).get(device)).toBe('eth0');
  });
});

describe('netlink sockets', () => {
  it('have their family, port id and groups, and none is that of socklens', () => {
    const { sockets, sources } = ls('--netlink');
    expect(sources).toEqual({ netlink: 'sock_diag' });
    const ours = sockets.filter(({ processes }) => (processes as object[]).length > 0);
    expect(asOpened(ours)).toEqual([
      expect.objectContaining({
        inode: inodes.route,
        proto: 'netlink',
        protocol: 0,
        protocolName: 'rtnl',
        portId: workshop.pid,
        groups: [1, 5],
      }),
      expect.objectContaining({ inode: inodes.uevent, protocol: 15, protocolName: 'uevent', groups: [1] }),
    ]);
    // The others are the kernel's own.
    for (const { portId, processes } of sockets) if ((processes as object[]).length === 0) expect(portId).toBe(0);
    const table = fs.readFileSync(`/proc/${workshop.pid}/net/netlink`, 'latin1').trim().split('\n').slice(1);
    expect(sockets.map(({ inode }) => inode).sort()).toEqual(
      table.map((line) => Number(line.trim().split(/\s+/).at(-1))).sort(),
    );
  });

  it('are printed with the names of ss', () => {
    const output = text('--netlink', '-p');
    expect(output).toMatch(new RegExp(`rtnl:${workshop.pid} .* 1,5 .*${workshop.pid}/`));
    const families = new Set([...output.matchAll(/ ([\w-]+):kernel/g)].map(([, family]) => family));
    const ss = netns.run('ss', '-A', 'netlink', '-aH');
    expect(families).toEqual(new Set([...ss.matchAll(/ ([\w-]+):kernel/g)].map(([, family]) => family)));
  });

  it('-l shows unconnected ones, state established none', () => {
    expect(ls('--netlink', '-l').sockets.length).toBeGreaterThan(2);
    expect(ls('--netlink', 'state established').sockets).toEqual([]);
  });
});

describe('ICMP sockets', () => {
  it('have address and identifier, from /proc', () => {
    const { sockets, sources } = ls('--icmp');
    expect(sources).toEqual({ icmp: 'procfs' });
    const [v4, v6] = asOpened(sockets);
    expect(v4).toMatchObject({ proto: 'icmp', family: 'inet', inode: inodes.icmp, state: 'CLOSE' });
    expect(v4?.local).toMatchObject({ address: '127.0.0.1', port: 4242 });
    expect(v6).toMatchObject({ proto: 'icmp', family: 'inet6', inode: inodes.icmp6 });
    expect(v6?.local).toMatchObject({ address: '::1', port: 4242 });
    expect(sockets).toHaveLength(2);
    expect(text('--icmp', '-n')).toContain('[::1]:4242');
  });
});

describe('vsock sockets', () => {
  it('say that the kernel cannot list them, where it cannot', () => {
    const { coverage, sources } = ls('--vsock');
    if ('vsock' in sources) expect(coverage).toEqual({ complete: true, notes: [] });
    else {
      const isSupported = /^AF_VSOCK\s/m.test(fs.readFileSync('/proc/net/protocols', 'latin1'));
      expect(coverage).toEqual({
        complete: !isSupported,
        notes: [expect.stringMatching(isSupported ? /^vsock: .*vsock_diag/ : /^vsock: not supported/)],
      });
    }
  });
});

describe('counts and recordings', () => {
  it('ps --all counts them, without the netlink sockets of the kernel', () => {
    const { stdout } = socklens(['ps', '--all', '--json']);
    const row = JSON.parse(stdout).containers.find(({ netns: inode }: { netns: number }) => inode === netns.inode);
    expect(row.sockets.others).toMatchObject({ icmp: 2, packet: 3, netlink: 2 });
    expect(socklens(['ps', '--all']).stdout).toContain('icmp 2, packet 3, netlink 2');
  });

  it('--by counts them by protocol and address', () => {
    const { stdout } = socklens(['ls', `netns:${netns.name}`, '--packet', '--icmp', '--by', 'proto,local', '--json']);
    const groups = JSON.parse(stdout).groups.map(({ key }: { key: object }) => key);
    expect(groups).toContainEqual({ proto: 'packet', local: 'arp:eth0' });
    expect(groups).toContainEqual({ proto: 'packet', local: '*:*' });
    expect(groups).toContainEqual({ proto: 'icmp', local: '[::1]:4242' });
  });

  it('a full recording has them as ls does', () => {
    const file = path.join(folder, 'full.slr');
    const recorded = socklens(['record', `netns:${netns.name}`, '-o', file, '--for', '2s', '--full']);
    expect(recorded).toMatchObject({ status: 0 });
    const of = (...args: string[]) => {
      const { status, stdout, stderr } = socklens(['ls', `netns:${netns.name}`, '--json', ...args, '--from', file]);
      if (status !== 0) throw new Error(stderr);
      return JSON.parse(stdout) as ReturnType<typeof ls>;
    };
    // Frames arrive between the two readings.
    const withoutOwners = ({ sockets }: { sockets: Row[] }) =>
      sockets.map((row) => ({ ...row, processes: [], receiveQueue: 0 })).sort((a, b) => a.inode - b.inode);
    for (const option of ['--packet', '--icmp']) {
      expect(withoutOwners(of(option)), option).toEqual(withoutOwners(ls(option)));
    }
    const bound = ({ sockets }: { sockets: Row[] }) => sockets.filter(({ portId }) => portId === workshop.pid);
    expect(asOpened(bound(of('--netlink')))).toMatchObject([
      { groups: [1, 5], inode: inodes.route },
      { groups: [1], inode: inodes.uevent },
    ]);
    expect(of('--packet', 'dev = eth0').sockets).toHaveLength(2);
    const ps = JSON.parse(socklens(['ps', '--json', '--from', file]).stdout);
    expect(ps.containers[0].sockets.others).toMatchObject({ icmp: 2, packet: 3, netlink: 2 });
    // Counted by ls and ps alone, live and recorded alike.
    const watched = socklens(['watch', '--from', file, '--by', 'proto', '--ndjson']).stdout;
    expect(watched).not.toContain('packet');
  });

  it('a recording of an earlier version says that it does not have them', () => {
    const earlier = path.resolve(import.meta.dirname, '../fixtures/recordings/v0.1.0-full.slr');
    const { stdout } = socklens(['ls', '--packet', '--netlink', '--json', '--from', earlier]);
    const { targets, ...one } = JSON.parse(stdout);
    for (const { coverage, sockets } of targets ?? [one]) {
      expect(sockets).toEqual([]);
      expect(coverage.complete).toBe(false);
      expect(coverage.notes.join('\n')).toContain('packet, netlink: not in this recording');
    }
  });
});
