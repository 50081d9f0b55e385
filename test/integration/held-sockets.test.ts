/** The pass over all descriptors by a program in the kernel, against `/proc/PID/fd` and `ss`, on random sockets. */
import fs from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { errnoOf } from '../../src/base/errno.ts';
import type { DescriptorForm } from '../../src/bpf/programs/descriptor-program.ts';
import { DescriptorPass, HELD_SOCKETS, SOCKET_HOLDERS } from '../../src/kernel/bpf/descriptor-pass.ts';
import { koffiSystemCalls } from '../../src/kernel/koffi-system-calls.ts';
import { SystemCallError } from '../../src/kernel/system-calls.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { forked, PythonProcess } from '../support/python-process.ts';
import { Dice } from '../support/random-filter.ts';
import { AF, IPPROTO, SOCK } from '../support/recipes/constants.ts';
import { type Population, populate } from '../support/recipes/random-population.ts';
import { Workshop } from '../support/recipes/workshop.ts';
import { type SsRow, ss } from '../support/ss.ts';

const calls = koffiSystemCalls();
/** TCP_CLOSE, include/net/tcp_states.h. */
const CLOSE = 7;
/** States of TCP by number, as ss spells them. */
const STATES = [
  '',
  'ESTAB',
  'SYN-SENT',
  'SYN-RECV',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'TIME-WAIT',
  'UNCONN',
  'CLOSE-WAIT',
  'LAST-ACK',
  'LISTEN',
  'CLOSING',
];
const CGROUPS = fs.existsSync('/sys/fs/cgroup/cgroup.controllers') ? '/sys/fs/cgroup' : '/sys/fs/cgroup/unified';

const open = (form: DescriptorForm) => DescriptorPass.open(calls, HELD_SOCKETS, [form]);
type HeldSocketsPass = ReturnType<typeof open>;
type HeldSocketTable = ReturnType<HeldSocketsPass['read']>;

/** Whether this process may load programs, and the kernel describes its types. */
function isPermitted(): boolean {
  try {
    open('probe').close();
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EPERM' || !fs.existsSync('/sys/kernel/btf/vmlinux')) return false;
    throw error;
  }
}
const permitted = isPermitted();

interface Row {
  pid: number;
  fd: number;
  inode: number;
  netns: number;
  state: number;
  family: number;
  type: number;
  protocol: number;
  local: number[];
  localPort: number;
  peer: number[];
  peerPort: number;
  cookie: number;
  cgroup: number;
  processCgroup: number;
  startTicks: number;
  name: string;
  acceptQueue: number;
  acceptLimit: number;
}

function rowsOf(table: HeldSocketTable): Row[] {
  const number = (name: Parameters<HeldSocketTable['column']>[0], row: number) => table.column(name)[row] ?? -1;
  const bytes = (name: 'localAddress' | 'peerAddress', row: number) => {
    const address = [...table.column(name).subarray(row * 16, row * 16 + 16)];
    return number('family', row) === AF.INET ? address.slice(0, 4) : address;
  };
  return Array.from({ length: table.rows }, (_, row) => ({
    pid: number('pid', row),
    fd: number('fd', row),
    inode: number('inode', row),
    netns: number('netns', row),
    state: number('state', row),
    family: number('family', row),
    type: number('type', row),
    protocol: number('protocol', row),
    local: bytes('localAddress', row),
    localPort: number('localPort', row),
    peer: bytes('peerAddress', row),
    peerPort: number('peerPort', row),
    cookie: number('cookie', row),
    cgroup: number('cgroup', row),
    processCgroup: number('processCgroup', row),
    startTicks: number('startTicks', row),
    name: table.text('name', row),
    acceptQueue: number('acceptQueue', row),
    acceptLimit: number('acceptLimit', row),
  }));
}

/** The sockets of a process by `/proc/PID/fd`: descriptor and inode, as one text each. */
function descriptors(pid: number): string[] {
  return fs
    .readdirSync(`/proc/${pid}/fd`)
    .map((fd) => [fd, /^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]])
    .filter(([, inode]) => inode !== undefined)
    .map(([fd, inode]) => `${fd} ${inode}`)
    .sort();
}

const heldBy = (rows: readonly Row[], pid: number) => rows.filter((row) => row.pid === pid);
const asDescriptors = (rows: readonly Row[]) => rows.map(({ fd, inode }) => `${fd} ${inode}`).sort();
const inodeOf = (folder: string) => Number(fs.statSync(folder, { bigint: true }).ino);

function cgroupOf(pid: number): number {
  const folder = /^0::(.*)$/m.exec(fs.readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1];
  return inodeOf(`${CGROUPS}${folder}`);
}

const tcpBySs = (netns: TestNetns) => (['-4', '-6'] as const).flatMap((family) => ss(netns, family, '-tp'));

/**
 * The TCP sockets of a namespace by ss without their holders, for which ss reads the descriptors of every process of
 * the host.
 */
const socketsBySs = (netns: TestNetns) =>
  (['-4', '-6'] as const)
    .flatMap((family) => ss(netns, family, '-t'))
    .map(textOf)
    .sort();

/**
 * The TCP sockets of a namespace that processes hold, by ss: one line for each descriptor. Without the TCP subflows of
 * MPTCP, whose descriptor is that of the MPTCP socket.
 */
const heldBySs = (netns: TestNetns) => heldOf(tcpBySs(netns));

function heldOf(rows: readonly SsRow[]): string[] {
  return rows
    .filter(({ info }) => !info.has('tcp-ulp-mptcp'))
    .flatMap((row) => holders(row).map((holder) => `${holder} ${textOf(row)}`))
    .sort();
}

function holders({ line }: SsRow): string[] {
  return [...line.matchAll(/\("[^"]*",pid=(\d+),fd=(\d+)\)/g)].map(([, pid, fd]) => `${pid} ${fd}`);
}

function textOf({ inode, state, local, peer, cookie, cgroup, receiveQueue, sendQueue }: SsRow): string {
  const queue = state === 'LISTEN' ? `${receiveQueue}/${sendQueue}` : '';
  const made = cgroup === undefined ? '' : inodeOf(`${CGROUPS}${cgroup}`);
  return `${inode} ${state} ${local.address}:${local.port} ${peer.address}:${peer.port} ${cookie} ${made} ${queue}`;
}

/** As {@link heldBySs}, by the pass. */
function heldTcp(rows: readonly Row[], netns: TestNetns): string[] {
  return rows
    .filter((row) => row.netns === netns.inode && row.protocol === IPPROTO.TCP && row.state !== CLOSE)
    .map((row) => {
      const { local, localPort, peer, peerPort } = row;
      const state = STATES[row.state];
      const queue = state === 'LISTEN' ? `${row.acceptQueue}/${row.acceptLimit}` : '';
      const ends = `${local}:${localPort} ${peer}:${peerPort}`;
      return `${row.pid} ${row.fd} ${row.inode} ${state} ${ends} ${row.cookie} ${row.cgroup} ${queue}`;
    })
    .sort();
}

describe.each<DescriptorForm>(['typed', 'probe'])('held sockets, the %s program', (form) => {
  const test = it.skipIf(!permitted);
  let reader: HeldSocketsPass;
  let netns: TestNetns;
  let workshop: Workshop;
  const processes: PythonProcess[] = [];
  const children: number[] = [];

  beforeAll(async () => {
    if (!permitted) return;
    reader = open(form);
    netns = createNetns();
    workshop = await Workshop.start(netns);
  });
  afterEach(async () => {
    for (const pid of children.splice(0)) process.kill(pid, 'SIGKILL');
    await Promise.all(processes.splice(0).map((python) => python.kill()));
  });
  afterAll(async () => {
    await workshop?.stop();
    netns?.remove();
    reader?.close();
  });

  const read = () => rowsOf(reader.read());
  function python(): PythonProcess {
    const made = new PythonProcess(netns);
    processes.push(made);
    return made;
  }

  describe.each([1, 2, 3])('a random population (seed %i)', (seed) => {
    let population: Population | undefined;
    afterAll(() => population?.stop());

    test('is that of /proc/PID/fd and of ss', async () => {
      const made = await populate(new Dice(seed));
      population = made;
      const namespaces = [made.shared, made.alone, made.bare, made.busy];
      // Connections may still be closing: what ss says before and after the pass is the same.
      const rows = await until('a quiet moment', () => {
        const before = namespaces.map(socketsBySs);
        const rows = read();
        return isDeepStrictEqual(namespaces.map(socketsBySs), before) && rows;
      });
      const allBySs = namespaces.map(tcpBySs);
      const bySs = allBySs.map(heldOf);
      expect(bySs.flat().length).toBeGreaterThan(10);
      for (const [index, netns] of namespaces.entries()) {
        expect(heldTcp(rows, netns)).toEqual(bySs[index]);
        for (const row of allBySs[index] ?? []) {
          const holding = rows.filter(({ inode }) => inode === row.inode).map(({ pid, fd }) => `${pid} ${fd}`);
          expect(holding.sort()).toEqual(holders(row).sort());
        }
      }
      for (const { pid } of made.workshops) {
        const held = heldBy(rows, pid);
        expect(asDescriptors(held)).toEqual(descriptors(pid));
        const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ');
        for (const row of held) {
          expect(row.name).toBe(fs.readFileSync(`/proc/${pid}/comm`, 'latin1').trim());
          expect(row.startTicks).toBe(Number(stat?.[19]));
          expect(row.processCgroup).toBe(cgroupOf(pid));
        }
      }
    });
  });

  test('sockets that no table shows: never bound, refused, and of other families', async () => {
    const unbound = await workshop.socket(AF.INET, SOCK.STREAM);
    const refused = await workshop.socket(AF.INET6, SOCK.STREAM);
    await workshop.connect(refused, { host: '::1', port: 9 }, false).catch(() => {});
    const netlink = await workshop.socket(AF.NETLINK, SOCK.RAW);
    const datagram = await workshop.unix(SOCK.DGRAM);
    const shown = heldBySs(netns).join('\n');
    const rows = heldBy(read(), workshop.pid);
    const rowOf = (fd: number) => rows.find((row) => row.fd === fd);
    for (const fd of [unbound, refused]) expect(shown).not.toContain(String(await workshop.inode(fd)));
    const here = { netns: netns.inode, pid: workshop.pid };
    const tcp = { ...here, protocol: IPPROTO.TCP, type: SOCK.STREAM, state: CLOSE, localPort: 0 };
    expect(rowOf(unbound)).toMatchObject({
      ...tcp,
      family: AF.INET,
      peerPort: 0,
      inode: await workshop.inode(unbound),
    });
    // The peer that it was for.
    const loopback = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    expect(rowOf(refused)).toMatchObject({ ...tcp, family: AF.INET6, peerPort: 9, peer: loopback });
    const nothing = { localPort: 0, peerPort: 0, local: Array(16).fill(0), peer: Array(16).fill(0) };
    expect(rowOf(netlink)).toMatchObject({ ...here, ...nothing, family: AF.NETLINK, type: SOCK.RAW });
    expect(rowOf(datagram)).toMatchObject({ ...here, ...nothing, family: AF.UNIX, type: SOCK.DGRAM });
    expect(asDescriptors(rows)).toEqual(descriptors(workshop.pid));
  });

  test('connections that are not accepted have no descriptor: they are the queue of their listener', async () => {
    const listener = await workshop.tcpListener('127.0.0.1', 0, 7);
    const clients = [await workshop.socket(AF.INET, SOCK.STREAM), await workshop.socket(AF.INET, SOCK.STREAM)];
    for (const fd of clients) await workshop.connect(fd, listener);
    await until('both in the queue', () => heldBySs(netns).some((line) => line.endsWith(' 2/7')));
    const rows = heldBy(read(), workshop.pid);
    expect(rows.find(({ fd }) => fd === listener.fd)).toMatchObject({ acceptQueue: 2, acceptLimit: 7 });
    expect(rows.filter(({ localPort, fd }) => localPort === listener.port && fd !== listener.fd)).toEqual([]);
    await workshop.close(listener.fd);
  });

  test('a socket that a fork shares has a row for each process, and two for two descriptors of one', async () => {
    const parent = python();
    const [pid, inode, fd, other] = await parent.run<[number, number, number, number]>(
      'held = listener()\nagain = os.dup(held.fileno())\nanswer = [os.getpid(), inode(held), held.fileno(), again]',
    );
    const child = await parent.run<number>(forked());
    children.push(child);
    const expected = [pid, child].flatMap((of) => [fd, other].map((at) => `${of} ${at}`)).sort();
    const holding = (rows: Row[]) => rows.filter((row) => row.inode === inode).map(({ pid, fd }) => `${pid} ${fd}`);
    expect(holding(read()).sort()).toEqual(expected);
    // The pass comes second: ss makes the kernel give the socket its cookie.
    const bySs = heldBySs(netns).filter((line) => line.includes(` ${inode} `));
    expect(heldTcp(read(), netns).filter((line) => line.includes(` ${inode} `))).toEqual(bySs);
  });

  test('a descriptor inside of a message is nobody’s; received, it is the receiver’s', async () => {
    const holder = python();
    const [pid, inode] = await holder.run<[number, number]>(
      [
        'held = listener()',
        'here, there = socket.socketpair()',
        "socket.send_fds(here, [b'x'], [held.fileno()])",
        'answer = [os.getpid(), inode(held)]',
        'held.close()',
      ].join('\n'),
    );
    expect(read().filter((row) => row.inode === inode)).toEqual([]);
    const fd = await holder.run<number>('answer = socket.recv_fds(there, 1, 1)[1][0]');
    expect(read().filter((row) => row.inode === inode)).toMatchObject([{ pid, fd }]);
  });

  test('threads of a process share its descriptors: one row', async () => {
    const threads = python();
    const [pid, inode] = await threads.run<[number, number]>(
      [
        'import threading, time',
        'held = listener()',
        'stop = threading.Event()',
        'for _ in range(3): threading.Thread(target=stop.wait, daemon=True).start()',
        'answer = [os.getpid(), inode(held)]',
      ].join('\n'),
    );
    expect(fs.readdirSync(`/proc/${pid}/task`)).toHaveLength(4);
    expect(read().filter((row) => row.inode === inode)).toHaveLength(1);
  });

  test('one process alone, where the kernel can choose; one that does not exist holds nothing', () => {
    const pass = heldBy(read(), workshop.pid);
    const table = reader.readProcess(workshop.pid);
    // Before Linux 6.1.
    if (table === undefined) return;
    expect(rowsOf(table)).toEqual(pass);
    // Above PID_MAX_LIMIT.
    expect(reader.readProcess(2 ** 22 + 1)?.rows).toBe(0);
  });

  test('the pass for owners alone has the same holders', () => {
    const owners = DescriptorPass.open(calls, SOCKET_HOLDERS, [form]);
    try {
      const table = owners.read();
      const rows = Array.from({ length: table.rows }, (_, row) => row).filter(
        (row) => table.column('pid')[row] === workshop.pid,
      );
      const expected = heldBy(read(), workshop.pid);
      expect(rows.map((row) => `${table.column('fd')[row]} ${table.column('inode')[row]}`).sort()).toEqual(
        asDescriptors(expected),
      );
      for (const row of rows) {
        expect(table.text('name', row)).toBe(expected[0]?.name);
        expect(table.column('startTicks')[row]).toBe(expected[0]?.startTicks);
      }
    } finally {
      owners.close();
    }
  });

  test('processes that start and exit during the pass: the others are complete', async () => {
    const churn = python();
    await churn.run(
      [
        'import threading, subprocess',
        'stop = threading.Event()',
        'def run():',
        '    while not stop.is_set():',
        "        subprocess.run(['true'])",
        'threading.Thread(target=run, daemon=True).start()',
      ].join('\n'),
    );
    const expected = descriptors(workshop.pid);
    for (let pass = 0; pass < 20; pass++) expect(asDescriptors(heldBy(read(), workshop.pid))).toEqual(expected);
    await churn.run('stop.set()');
  });
});

describe('which program is taken', () => {
  it('the second where the kernel refuses the first; none without permission', () => {
    const asked: string[] = [];
    const refusing = (code: string, errno: number) => ({
      ...calls,
      bpf: (command: number) => {
        if (command === 5) asked.push(code);
        throw new SystemCallError('bpf', errno, code);
      },
    });
    const open = (code: string, errno: number) => () => DescriptorPass.open(refusing(code, errno), HELD_SOCKETS);
    // Each once, and once more for the verifier's log.
    expect(open('EINVAL', 22)).toThrow('loading the program socklens_held: EINVAL');
    expect(asked).toEqual(['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL']);
    asked.length = 0;
    expect(open('EPERM', 1)).toThrow('loading the program socklens_held: EPERM');
    expect(new Set(asked)).toEqual(new Set(['EPERM']));
  });
});
