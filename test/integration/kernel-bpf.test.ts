/** Loading and running eBPF programs: maps, the ring buffer, statistics, refusals. Small programs of this file. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Assembler, R0, R1, R2, R3 } from '../../src/bpf/assembler.ts';
import type { KernelTypes } from '../../src/bpf/kernel-types.ts';
import { type BpfProgram, tracepointProgram } from '../../src/bpf/program.ts';
import { RecordLayout } from '../../src/bpf/record-layout.ts';
import { BpfError } from '../../src/kernel/bpf/bpf-error.ts';
import { CountedNumbers } from '../../src/kernel/bpf/counted-numbers.ts';
import { withKernelTypes } from '../../src/kernel/bpf/kernel-types.ts';
import { enableRunStatistics, LoadedProgram } from '../../src/kernel/bpf/loaded-program.ts';
import { createMap } from '../../src/kernel/bpf/map.ts';
import { readToEnd } from '../../src/kernel/bpf/read-iterator.ts';
import { RingBuffer } from '../../src/kernel/bpf/ring-buffer.ts';
import { koffiSystemCalls } from '../../src/kernel/koffi-system-calls.ts';
import { SystemCallError } from '../../src/kernel/system-calls.ts';
import { createNetns } from '../support/netns.ts';

const calls = koffiSystemCalls();
/** A state change of a TCP socket. */
const CHANGE = new RecordLayout({ netns: 'u32', localPort: 'u16', oldState: 'u8', newState: 'u8' });
const PAGE = calls.pageSize();
/** TCP_LISTEN and TCP_CLOSE, include/net/tcp_states.h. */
const LISTEN = 10;
const CLOSE = 7;

interface Maps {
  ring: RingBuffer<typeof CHANGE extends RecordLayout<infer F> ? F : never>;
  /** Namespaces, each with the number of its records that did not fit. */
  watched: CountedNumbers;
}

/** Writes a record for each change in a watched namespace. */
function changesProgram(types: KernelTypes, { ring, watched }: Maps): BpfProgram {
  const program = new Assembler(types);
  const sk = program.calleeSaved('sk');
  const states = program.calleeSaved('states');
  const key = program.stack(8);
  program.element(sk, R1, 0).element(R2, R1, 1).element(R3, R1, 2);
  program.set(states, R3).calculate(states, '<<', 8).calculate(states, '|', R2);
  program.read(R1, sk, 'sock', '__sk_common.skc_net.net').read(R1, R1, 'net', 'ns.inum').store(4, key, R1);
  program.call('map_lookup_elem', { mapFd: watched.fd }, { address: key }).jumpIf(R0, '==', 0, 'end');
  program.call('ringbuf_reserve', { mapFd: ring.fd }, CHANGE.size, 0).jumpIf(R0, '!=', 0, 'reserved');
  program.call('map_lookup_elem', { mapFd: watched.fd }, { address: key });
  program.jumpIf(R0, '==', 0, 'end').set(R1, 1).atomicAdd({ base: R0, offset: 0 }, R1).jump('end');
  program.label('reserved');
  const record = { base: R0, offset: 0, layout: CHANGE };
  program.read(R1, sk, 'sock', '__sk_common.skc_net.net').copy(record, 'netns', R1, 'net', 'ns.inum');
  program.copy(record, 'localPort', sk, 'sock', '__sk_common.skc_num');
  program.put(record, 'oldState', states).calculate(states, '>>', 8).put(record, 'newState', states);
  program.call('ringbuf_submit', R0, 0);
  program.label('end').exit(0);
  return tracepointProgram(types, 'changes', 'inet_sock_set_state', program.instructions());
}

const closers: (() => void)[] = [];
function closing<T extends { close(): void }>(opened: T): T {
  closers.push(() => opened.close());
  return opened;
}
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

function makeMaps(ringBytes: number): Maps {
  return {
    ring: closing(new RingBuffer(calls, CHANGE, ringBytes)),
    watched: closing(new CountedNumbers(calls, 16)),
  };
}

function loadChanges(maps: Maps): LoadedProgram {
  const program = closing(withKernelTypes((types) => LoadedProgram.load(calls, changesProgram(types, maps))));
  program.attach();
  return program;
}

function isPermitted(): boolean {
  try {
    new CountedNumbers(calls, 1).close();
    return fs.existsSync('/sys/kernel/btf/vmlinux');
  } catch {
    return false;
  }
}
const loading = it.skipIf(!isPermitted());
const ownNetns = () => Number(/\d+/.exec(fs.readlinkSync('/proc/thread-self/ns/net'))?.[0]);

/** Listens and closes: two changes. @returns the port */
async function listenOnce(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('a program with a ring buffer', () => {
  loading('writes a record of every change in a watched namespace, and of no other', async () => {
    const maps = makeMaps(16 * PAGE);
    loadChanges(maps);
    expect(maps.ring.drain().rows).toBe(0);
    await listenOnce();
    expect(maps.ring.drain().rows).toBe(0);
    maps.watched.add(ownNetns());
    const ports = [await listenOnce(), await listenOnce()];
    const lost = maps.watched.counts().get(ownNetns()) ?? 0;
    maps.watched.delete(ownNetns());
    await listenOnce();
    const table = maps.ring.drain();
    const records = Array.from({ length: table.rows }, (_, row) => ({
      netns: table.column('netns')[row],
      port: table.column('localPort')[row],
      oldState: table.column('oldState')[row],
      newState: table.column('newState')[row],
    }));
    for (const port of ports) {
      const mine = records.filter((record) => record.port === port && record.newState === LISTEN);
      expect(mine).toEqual([{ netns: ownNetns(), port, oldState: CLOSE, newState: LISTEN }]);
    }
    // The port is put back before the state changes.
    expect(records.filter(({ oldState }) => oldState === LISTEN).length).toBeGreaterThanOrEqual(2);
    expect(new Set(table.column('netns'))).toEqual(new Set([ownNetns()]));
    expect(lost).toBe(0);
  });

  loading('counts what does not fit, and goes on after the buffer was drained', async () => {
    using netns = createNetns();
    // The least size, which has 4096 / 16 records.
    const maps = makeMaps(PAGE);
    const program = loadChanges(maps);
    maps.watched.add(netns.inode);
    const room = PAGE / (8 + CHANGE.size);
    const rounds = room / 2 + 50;
    const listenMany = `
import socket
for _ in range(${rounds}):
    s = socket.socket()
    s.bind(('127.0.0.1', 0))
    s.listen()
    s.close()`;
    netns.run('python3', '-c', listenMany);
    const first = maps.ring.drain();
    // The misses are those of the whole machine: connections of other tests have some, and are not in the namespace.
    const { misses } = program.statistics();
    const told = first.rows + (maps.watched.counts().get(netns.inode) ?? 0);
    expect(told).toBeLessThanOrEqual(2 * rounds);
    expect(told + misses).toBeGreaterThanOrEqual(2 * rounds);
    expect(first.rows).toBeGreaterThan(room - 3);
    expect(maps.watched.counts().get(netns.inode) ?? 0).toBeGreaterThan(0);
    // Positions wrap round.
    for (let round = 0; round < 3; round++) {
      const before = maps.watched.counts().get(netns.inode) ?? 0;
      netns.run('python3', '-c', listenMany.replace(String(rounds), '60'));
      const table = maps.ring.drain();
      expect(table.rows).toBe(120);
      expect(new Set(table.column('netns'))).toEqual(new Set([netns.inode]));
      expect(maps.watched.counts().get(netns.inode) ?? 0).toBe(before);
    }
  });

  loading('has statistics of its runs while they are enabled', async () => {
    const program = loadChanges(makeMaps(PAGE));
    const before = program.statistics();
    const fd = enableRunStatistics(calls);
    try {
      await listenOnce();
    } finally {
      fs.closeSync(fd);
    }
    const after = program.statistics();
    expect(after.runCount - before.runCount).toBeGreaterThanOrEqual(2);
    expect(after.runTimeNs).toBeGreaterThan(before.runTimeNs);
    // Connections of other tests run it too: how often it was left out then depends on them.
    expect(after.misses).toBeGreaterThanOrEqual(before.misses);
  });
});

describe('what the kernel refuses', () => {
  loading('a program: the error has the verifier’s reason', () => {
    const refused = withKernelTypes((types) => {
      const program = new Assembler(types).load(8, R0, { base: R2, offset: 0 }).exit();
      return tracepointProgram(types, 'wrong', 'inet_sock_set_state', program.instructions());
    });
    let error: unknown;
    try {
      LoadedProgram.load(calls, refused);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(BpfError);
    expect(error).toMatchObject({ attempted: 'loading the program wrong', code: 'EACCES', errno: 13 });
    expect((error as BpfError).log).toContain('R2 !read_ok');
  });

  loading('a map of no size', () => {
    const make = () => createMap(calls, 'a map', { type: 1, keyBytes: 0, valueBytes: 0, entries: 0 });
    expect(make).toThrow(new BpfError('creating a map', new SystemCallError('bpf', 22, 'EINVAL')));
  });

  it('everything, without permission: EPERM', () => {
    const script = `
      import { koffiSystemCalls } from '${import.meta.dirname}/../../src/kernel/koffi-system-calls.ts';
      import { CountedNumbers } from '${import.meta.dirname}/../../src/kernel/bpf/counted-numbers.ts';
      try { new CountedNumbers(koffiSystemCalls(), 1); console.log('made'); } catch (error) { console.log(error.code, error.attempted); }`;
    const args = ['--reuid=65534', '--regid=65534', '--clear-groups', '--bounding-set=-all', process.execPath];
    const text = execFileSync('setpriv', [...args, '--input-type=module-typescript', '-e', script], {
      encoding: 'utf8',
    });
    expect(text).toBe('EPERM creating a hash map\n');
  });

  it('before Linux 5.11, memory above RLIMIT_MEMLOCK: the limit is raised and the call repeated', () => {
    const asked: string[] = [];
    const old = {
      ...calls,
      bpf: () => {
        asked.push('bpf');
        if (asked.filter((call) => call === 'bpf').length === 1) throw new SystemCallError('bpf', 1, 'EPERM');
        return 99;
      },
      prlimit64: (_pid: number, resource: number, wanted: Uint8Array | undefined) => {
        asked.push(`prlimit ${resource} ${wanted === undefined ? 'read' : Buffer.from(wanted).toString('hex')}`);
      },
    };
    expect(createMap(old, 'a map', { type: 1, keyBytes: 4, valueBytes: 4, entries: 1 })).toBe(99);
    expect(asked).toEqual(['bpf', 'prlimit 8 read', `prlimit 8 ${'ff'.repeat(16)}`, 'bpf']);
  });
});

describe('loading a program', () => {
  const program: BpfProgram = { name: 'any', attachType: 23, attachTypeId: 1, instructions: new Uint8Array(8) };
  /** System calls of a kernel whose verifier is interrupted by signals so many times. */
  const interrupted = (times: number) => ({
    ...calls,
    bpf: () => {
      if (times-- > 0) throw new SystemCallError('bpf', 11, 'EAGAIN');
      return 99;
    },
  });

  it('is tried again when a signal interrupts the verifier, but not for ever', () => {
    expect(() => LoadedProgram.load(interrupted(3), program)).not.toThrow();
    expect(() => LoadedProgram.load(interrupted(100), program)).toThrow('loading the program any: EAGAIN');
  });
});

describe('an iterator', () => {
  it('is read to its end: EAGAIN means that there is more', () => {
    const answers = ['EAGAIN', 'first ', 'EAGAIN', 'EAGAIN', 'second', ''];
    const bytes = readToEnd((buffer, offset) => {
      const answer = answers.shift() ?? '';
      if (answer === 'EAGAIN') throw Object.assign(new Error(answer), { code: answer, errno: -11 });
      return buffer.write(answer, offset, 'latin1');
    });
    expect(Buffer.from(bytes).toString('latin1')).toBe('first second');
    expect(answers).toEqual([]);
  });

  it('keeps everything, however much it is', () => {
    let left = 40;
    const bytes = readToEnd((buffer, offset) => {
      if (left-- === 0) return 0;
      buffer.fill(left, offset, offset + 30_000);
      return 30_000;
    });
    expect(bytes.length).toBe(40 * 30_000);
    expect([bytes[0], bytes[29_999], bytes[30_000], bytes.at(-1)]).toEqual([39, 39, 38, 0]);
  });

  it('any other error ends it', () => {
    const fail = () => {
      throw Object.assign(new Error('EIO'), { code: 'EIO', errno: -5 });
    };
    expect(() => readToEnd(fail)).toThrow(new BpfError('reading an iterator', new SystemCallError('read', 5, 'EIO')));
  });
});
