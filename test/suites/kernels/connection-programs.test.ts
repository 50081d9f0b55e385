/** The programs for connection events on the kernels of Debian's releases, in QEMU, against what the guest did. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { HelperLevel } from '../../../src/bpf/program.ts';
import { CONNECTION_RECORD, connectionEventsProgram } from '../../../src/bpf/programs/connection-events.ts';
import { RecordTable } from '../../../src/bpf/record-table.ts';
import { GUEST_MAPS, type GuestFacts, loaded, runGuest } from './guest.ts';
import { KERNELS, kernelImage, MOST_MS, sizesOf } from './kernel-image.ts';

/** States of TCP, include/net/tcp_states.h. */
const STATE = { ESTABLISHED: 1, SYN_SENT: 2, SYN_RECV: 3, FIN_WAIT1: 4, CLOSE: 7, CLOSE_WAIT: 8, LISTEN: 10 } as const;
const ECONNREFUSED = 111;
/** AF_INET. */
const INET = 2;
const LOOPBACK = [127, 0, 0, 1];
/** What the client writes. */
const BYTES = 5;
/** The kernel's count of received bytes, as in ss, has the peer's FIN (tcp_rcv_nxt_update, net/ipv4/tcp_input.c). */
const FIN = 1;
const LEVELS: readonly HelperLevel[] = ['new', 'old'];
const PARTS = ['opening', 'rest', 'rest-second', 'closing', 'peer-closing', 'peer-closing-second'] as const;

describe.each(KERNELS)('Linux $version', { timeout: MOST_MS }, ({ release, version, hasNewFunctions }) => {
  let guest: GuestFacts;
  beforeAll(() => {
    const { file, types } = kernelImage(release);
    const programs = LEVELS.flatMap((level) =>
      PARTS.map((part) => [`${part}-${level}`, connectionEventsProgram(types, GUEST_MAPS, part, level)] as const),
    );
    guest = runGuest(file, new Map(programs));
    console.log(`Linux ${guest.release}, instructions: ${sizesOf(programs)}`);
  }, MOST_MS);

  describe.each(LEVELS.filter((level) => hasNewFunctions || level === 'old'))('with %s functions', (level) => {
    const outcome = (part: (typeof PARTS)[number]) => {
      const { events, connections } = loaded(guest.outcomes.get(`${part}-${level}`));
      if (connections === undefined) throw new Error('no connections were made');
      return { ...connections, rows: rowsOf(Buffer.concat(events)) };
    };

    it('opening: the listener and each attempt, with its process', () => {
      const { rows, listener, refused } = outcome('opening');
      const [{ pid, name, netns } = { pid: -1, name: '', netns: -1 }] = guest.processes;
      expect(rows).toMatchObject([
        { newState: STATE.LISTEN, localPort: listener, pid, name, netns },
        { newState: STATE.SYN_SENT, peerPort: listener, peer: LOOPBACK, pid, name, netns },
        { newState: STATE.SYN_SENT, peerPort: refused, peer: LOOPBACK, pid, name, netns },
      ]);
      expect(rows.map(({ family, error }) => [family, error])).toEqual(Array(3).fill([INET, 0]));
      // Before Linux 5.15 something else may be in its place.
      const cgroup = version === '5.10' ? 0 : guest.processes[0]?.cgroup;
      expect(rows.map((row) => row.cgroup)).toEqual(Array(3).fill(cgroup));
    });

    it('rest: both ends established and closed with their bytes, and the refused attempt with its error', () => {
      const { rows, listener, client, refused, cookie } = outcome('rest');
      const [{ netns } = { netns: -1 }] = guest.processes;
      expect(rows.every((row) => row.netns === netns && row.family === INET)).toBe(true);
      const of = (localPort: number, peerPort: number) =>
        rows.filter((row) => row.localPort === localPort && row.peerPort === peerPort);
      const [clientUp, clientDown] = of(client, listener);
      const [serverUp, serverDown] = of(listener, client);
      expect(clientUp).toMatchObject({ oldState: STATE.SYN_SENT, newState: STATE.ESTABLISHED, local: LOOPBACK });
      expect(serverUp).toMatchObject({ oldState: STATE.SYN_RECV, newState: STATE.ESTABLISHED, peer: LOOPBACK });
      expect(clientDown).toMatchObject({
        newState: STATE.CLOSE,
        error: 0,
        bytesSent: BYTES,
        bytesReceived: FIN,
        cookie,
      });
      expect(serverDown).toMatchObject({ newState: STATE.CLOSE, error: 0, bytesSent: 0, bytesReceived: BYTES + FIN });
      expect(clientDown?.socket).toBe(clientUp?.socket);
      expect(serverDown?.socket).toBe(serverUp?.socket);
      expect(rows.filter(({ peerPort }) => peerPort === refused)).toMatchObject([
        { oldState: STATE.SYN_SENT, newState: STATE.CLOSE, error: ECONNREFUSED },
      ]);
      expect(rows).toHaveLength(5);
    });

    it('closing, peer-closing: the end of ESTABLISHED at both ends, of the side that closed first and of the other', () => {
      const [here, there] = [outcome('closing'), outcome('peer-closing')];
      const states = ({ rows }: typeof here) => rows.map(({ oldState, newState }) => [oldState, newState]);
      expect(states(here)).toEqual([[STATE.ESTABLISHED, STATE.FIN_WAIT1]]);
      expect(states(there)).toEqual([[STATE.ESTABLISHED, STATE.CLOSE_WAIT]]);
      const ends = [...here.rows, ...there.rows].map(({ localPort, peerPort }) => [localPort, peerPort].sort());
      expect(ends[0]).toEqual([here.client, here.listener].sort());
      expect(ends[1]).toEqual([there.client, there.listener].sort());
    });
  });

  if (hasNewFunctions) return;
  it('refuses the new functions, so that the old ones are tried', () => {
    for (const part of PARTS) {
      const outcome = guest.outcomes.get(`${part}-new`);
      expect(outcome).toMatchObject({ refused: 'EINVAL' });
      expect(outcome && 'log' in outcome && outcome.log.join('\n')).toContain('invalid func unknown');
    }
  });
});

function rowsOf(records: Uint8Array) {
  const table = new RecordTable(CONNECTION_RECORD, records);
  return Array.from({ length: table.rows }, (_, row) => {
    const value = (name: Parameters<typeof table.column>[0]) => table.column(name)[row] ?? -1;
    const address = (name: 'local' | 'peer') => [...table.column(name).subarray(row * 16, row * 16 + 4)];
    return {
      oldState: value('oldState'),
      newState: value('newState'),
      family: value('family'),
      local: address('local'),
      localPort: value('localPort'),
      peer: address('peer'),
      peerPort: value('peerPort'),
      pid: value('pid'),
      name: table.text('name', row),
      netns: value('netns'),
      error: value('error'),
      cookie: value('cookie'),
      cgroup: value('cgroup'),
      bytesSent: value('bytesSent'),
      bytesReceived: value('bytesReceived'),
      /** Identifies it until it is closed. */
      socket: `${value('socket')} ${value('socketOther')}`,
    };
  });
}
