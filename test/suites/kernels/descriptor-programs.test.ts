/** The programs about descriptors on the kernels of Debian's releases, in QEMU: whether it loads, and its records against `/proc`. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { DescriptorForm } from '../../../src/bpf/programs/descriptor-program.ts';
import { RecordTable } from '../../../src/bpf/record-table.ts';
import { HELD_SOCKETS, SOCKET_HOLDERS } from '../../../src/kernel/bpf/descriptor-pass.ts';
import { type GuestFacts, type GuestProcess, loaded, runGuest } from './guest.ts';
import { KERNELS, kernelImage, MOST_MS, sizesOf } from './kernel-image.ts';

/** TCP_LISTEN, include/net/tcp_states.h. */
const LISTEN = 10;
/** AF_*. */
const FAMILY = { unix: 1, inet: 2, inet6: 10 } as const;
/** What the guest gives to listen(2). */
const ACCEPT_LIMIT = 7;
/** The process that the guest reads alone. */
const FIRST_PROCESS = 1;

const FORMS: readonly DescriptorForm[] = ['typed', 'probe'];

describe.each(KERNELS)(
  'Linux $version',
  { timeout: MOST_MS },
  ({ release, version, hasNewFunctions, choosesProcess }) => {
    let guest: GuestFacts;
    beforeAll(() => {
      const { file, types } = kernelImage(release);
      const programs = FORMS.flatMap((form) => [
        [`held-${form}`, HELD_SOCKETS.program(types, form)] as const,
        [`holders-${form}`, SOCKET_HOLDERS.program(types, form)] as const,
      ]);
      guest = runGuest(file, new Map(programs));
      console.log(`Linux ${guest.release}, instructions: ${sizesOf(programs)}`);
    }, MOST_MS);

    it('is the kernel', () => {
      expect(guest.release).toMatch(new RegExp(`^${version.replace('.', '\\.')}\\.`));
      // So that the comparisons below are of something.
      expect(guest.processes.map(({ sockets }) => sockets.length)).toEqual([10, 11]);
    });

    describe.each(FORMS.filter((form) => hasNewFunctions || form === 'probe'))('%s form', (form) => {
      it.each([
        ['held', 'what /proc says of each descriptor and its socket', heldByProgram, heldByProc],
        ['holders', 'each descriptor with its process', holdersByProgram, holdersByProc],
      ] as const)('%s: gives %s', (program, _what, byProgram, byProc) => {
        const { records, chosen } = loaded(guest.outcomes.get(`${program}-${form}`));
        const expected = byProc(guest.processes);
        expect(byProgram(records)).toEqual(expected);
        if (!choosesProcess) return expect(['E2BIG', 'EINVAL']).toContain(chosen);
        expect(typeof chosen === 'string' ? chosen : byProgram(chosen)).toEqual(
          expected.filter(({ pid }) => pid === FIRST_PROCESS),
        );
      });
    });

    if (hasNewFunctions) return;
    it('refuses the typed form, so that the probe form is tried', () => {
      for (const name of ['held-typed', 'holders-typed']) {
        const outcome = guest.outcomes.get(name);
        expect(outcome).toMatchObject({ refused: 'EINVAL' });
        // The verifier's words for sock_from_file, which it does not know yet.
        expect(outcome && 'log' in outcome && outcome.log.join('\n')).toContain('invalid func unknown');
      }
    });
  },
);

interface Holder {
  pid: number;
  fd: number;
  inode: number;
  name: string;
  startTicks: number;
}

/** Undefined is what `/proc` does not tell for this kind of socket. */
interface Held extends Holder {
  processCgroup: number;
  netns: number;
  cgroup: number;
  family: number;
  state: number | undefined;
  local: number[];
  localPort: number;
  peer: number[];
  peerPort: number;
  accept: [queue: number, limit: number] | undefined;
}

function holdersByProc(processes: readonly GuestProcess[]): Holder[] {
  return inOrder(
    processes.flatMap(({ pid, name, startTicks, sockets }) =>
      sockets.map(({ fd, inode }) => ({ pid, fd, inode, name, startTicks })),
    ),
  );
}

function heldByProc(processes: readonly GuestProcess[]): Held[] {
  return holdersByProc(processes).map((holder) => {
    const processCgroup = processes.find(({ pid }) => pid === holder.pid)?.cgroup ?? -1;
    for (const { netns, cgroup, internet, unixInodes } of processes) {
      // A namespace's process has made all of its sockets.
      const made = { ...holder, processCgroup, netns, cgroup };
      const row = internet.find(({ inode }) => inode === holder.inode);
      if (row !== undefined) {
        const { local, localPort, peer, peerPort, state, receiveQueue } = row;
        const family = local.length === 4 ? FAMILY.inet : FAMILY.inet6;
        const accept: Held['accept'] = state === LISTEN ? [receiveQueue, ACCEPT_LIMIT] : undefined;
        return { ...made, family, state, local, localPort, peer, peerPort, accept };
      }
      if (unixInodes.includes(holder.inode))
        return {
          ...made,
          family: FAMILY.unix,
          state: undefined,
          local: [],
          localPort: 0,
          peer: [],
          peerPort: 0,
          accept: undefined,
        };
    }
    throw new Error(`/proc/PID/net has no socket ${holder.inode}`);
  });
}

function holdersByProgram(records: Uint8Array): Holder[] {
  const table = new RecordTable(SOCKET_HOLDERS.layout, records);
  return inOrder(
    Array.from({ length: table.rows }, (_, row) => {
      const value = (name: 'pid' | 'fd' | 'inode' | 'startTicks') => table.column(name)[row] ?? -1;
      return {
        pid: value('pid'),
        fd: value('fd'),
        inode: value('inode'),
        name: table.text('name', row),
        startTicks: value('startTicks'),
      };
    }),
  );
}

function heldByProgram(records: Uint8Array): Held[] {
  const table = new RecordTable(HELD_SOCKETS.layout, records);
  return inOrder(
    Array.from({ length: table.rows }, (_, row) => {
      const value = (name: Parameters<typeof table.column>[0]) => table.column(name)[row] ?? -1;
      const family = value('family');
      const bytes = family === FAMILY.inet ? 4 : family === FAMILY.inet6 ? 16 : 0;
      const address = (name: 'localAddress' | 'peerAddress') => {
        const all = [...table.column(name).subarray(row * 16, row * 16 + 16)];
        expect(all.slice(bytes)).toEqual(Array(16 - bytes).fill(0));
        return all.slice(0, bytes);
      };
      const state = value('state');
      return {
        pid: value('pid'),
        fd: value('fd'),
        inode: value('inode'),
        name: table.text('name', row),
        startTicks: value('startTicks'),
        processCgroup: value('processCgroup'),
        netns: value('netns'),
        cgroup: value('cgroup'),
        family,
        state: family === FAMILY.unix ? undefined : state,
        local: address('localAddress'),
        localPort: value('localPort'),
        peer: address('peerAddress'),
        peerPort: value('peerPort'),
        accept: state === LISTEN ? [value('acceptQueue'), value('acceptLimit')] : undefined,
      };
    }),
  );
}

function inOrder<T extends Holder>(rows: T[]): T[] {
  return rows.sort((a, b) => a.pid - b.pid || a.fd - b.fd);
}
