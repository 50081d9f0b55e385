/**
 * The programs for packet events and accepted connections on the kernels of Debian's releases, in QEMU, against what
 * the guest did.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { BtfError } from '../../../src/bpf/kernel-types.ts';
import type { BpfProgram } from '../../../src/bpf/program.ts';
import { ACCEPTED_RECORD, acceptedProgram } from '../../../src/bpf/programs/accepted-connections.ts';
import { CONNECTION_RECORD, connectionEventsProgram } from '../../../src/bpf/programs/connection-events.ts';
import {
  droppedDatagramProgram,
  PACKET_KINDS,
  PACKET_RECORD,
  receivedResetProgram,
  retransmitProgram,
  sentResetProgram,
} from '../../../src/bpf/programs/packet-events.ts';
import { RecordTable } from '../../../src/bpf/record-table.ts';
import { GUEST_MAPS, type GuestFacts, loaded, runGuest } from './guest.ts';
import { KERNELS, kernelImage, MOST_MS, sizesOf } from './kernel-image.ts';

/** States of TCP, include/net/tcp_states.h. */
const STATE = { ESTABLISHED: 1, SYN_SENT: 2 } as const;
/** AF_INET. */
const INET = 2;
const LOOPBACK = [127, 0, 0, 1];
/** How long the guest leaves the connection in the accept queue at least, nanoseconds. */
const WAIT_NS = 20_000_000;

describe.each(KERNELS)('Linux $version', { timeout: MOST_MS }, ({ release, version, hasNewFunctions }) => {
  const level = hasNewFunctions ? 'new' : 'old';
  let guest: GuestFacts;
  let reasons: (name: string) => Readonly<Record<string, number>>;
  let noDrops: unknown;
  beforeAll(() => {
    const { file, types } = kernelImage(release);
    reasons = (name) => types.enumerators(name);
    const programs: (readonly [string, BpfProgram])[] = [
      ['packet-retransmit', retransmitProgram(types, GUEST_MAPS)],
      ['packet-received', receivedResetProgram(types, GUEST_MAPS)],
      ['packet-answer', sentResetProgram(types, GUEST_MAPS, 'answer')],
      ['packet-abort', sentResetProgram(types, GUEST_MAPS, 'abort')],
      [`accepted-${level}`, acceptedProgram(types, GUEST_MAPS, level)],
      [`rest-${level}`, connectionEventsProgram(types, GUEST_MAPS, 'rest', level)],
    ];
    try {
      programs.push(['packet-drop', droppedDatagramProgram(types, GUEST_MAPS)]);
    } catch (error) {
      noDrops = error;
    }
    guest = runGuest(file, new Map(programs));
    console.log(`Linux ${guest.release}, instructions: ${sizesOf(programs)}`);
  }, MOST_MS);

  const outcome = (name: string) => {
    const { events, faults } = loaded(guest.outcomes.get(name));
    if (faults === undefined) throw new Error('no faults were made');
    return { ...faults, rows: packetsOf(Buffer.concat(events)) };
  };
  const common = () => ({ netns: guest.processes[0]?.netns, family: INET, local: LOOPBACK, peer: LOOPBACK });

  it('retransmissions: the SYN, to whom', () => {
    const { rows, full, waiting } = outcome('packet-retransmit');
    const syn = { ...common(), kind: 'retransmitted', state: STATE.SYN_SENT, bytes: 0, segments: 1 };
    expect(rows).toMatchObject([{ ...syn, localPort: waiting, peerPort: full }]);
  });

  it('resets received: by the attempt that is refused, and by the peer of the one that is discarded', () => {
    const { rows, refused, refusedClient, listener, aborting } = outcome('packet-received');
    const received = { ...common(), kind: 'reset-received' };
    expect(rows.slice(0, 2)).toMatchObject([
      { ...received, state: STATE.SYN_SENT, localPort: refusedClient, peerPort: refused },
      { ...received, state: STATE.ESTABLISHED, localPort: listener, peerPort: aborting },
    ]);
  });

  it('resets in answer to a packet: with the reason where the kernel has one', () => {
    const { rows, refused, refusedClient } = outcome('packet-answer');
    const ofRefused = rows.filter(({ localPort, peerPort }) => localPort === refused && peerPort === refusedClient);
    if (version !== '6.12') {
      // It reports only those for which it has a socket, and gives no reason.
      expect(ofRefused).toEqual([]);
      expect(() => reasons('sk_rst_reason')).toThrow(BtfError);
      expect(rows.every(({ reason }) => reason === 0)).toBe(true);
      return;
    }
    const reason = reasons('sk_rst_reason').SK_RST_REASON_NO_SOCKET;
    expect(ofRefused).toMatchObject([{ ...common(), kind: 'reset-sent', reason, cookie: 0 }]);
  });

  it('resets by which a process discards its connection', () => {
    const { rows, listener, aborting } = outcome('packet-abort');
    const [first] = rows;
    expect(first).toMatchObject({ ...common(), kind: 'reset-sent', localPort: aborting, peerPort: listener });
    if (version === '6.12') expect(Object.values(reasons('sk_rst_reason'))).toContain(first?.reason);
    else expect(first?.reason).toBe(0);
  });

  it('dropped datagrams: each one, with its reason; none before Linux 5.17', () => {
    if (version === '5.10') {
      expect(noDrops).toBeInstanceOf(BtfError);
      return;
    }
    const { rows, receiver, sender, drops } = outcome('packet-drop');
    const { SKB_DROP_REASON_SOCKET_RCVBUFF: full, SKB_DROP_REASON_NO_SOCKET: nobody } = reasons('skb_drop_reason');
    const datagram = { ...common(), kind: 'dropped', localPort: receiver, peerPort: sender };
    expect(drops).toBeGreaterThan(0);
    expect(rows).toMatchObject([
      ...Array.from({ length: drops }, () => ({ ...datagram, reason: full, length: 508 })),
      { ...datagram, reason: nobody, length: 9 },
    ]);
  });

  it('accepted connections: which process, and how long it was in the accept queue', () => {
    const { events, connections } = loaded(guest.outcomes.get(`accepted-${level}`));
    if (connections === undefined) throw new Error('no connections were made');
    const of = (size: number) => Buffer.concat(events.filter(({ length }) => length === size));
    const accepted = new RecordTable(ACCEPTED_RECORD, of(ACCEPTED_RECORD.size));
    const { listener, client, connectedNs, acceptFromNs, acceptToNs } = connections;
    const [process] = guest.processes;
    expect(accepted.rows).toBe(1);
    expect(accepted.column('pid')[0]).toBe(process?.pid);
    expect(accepted.text('name', 0)).toBe(process?.name);
    expect([accepted.column('localPort')[0], accepted.column('peerPort')[0]]).toEqual([listener, client]);
    const atNs = accepted.column('timeNs')[0] ?? 0;
    expect(atNs).toBeGreaterThanOrEqual(acceptFromNs);
    expect(atNs).toBeLessThanOrEqual(acceptToNs);

    const changes = new RecordTable(CONNECTION_RECORD, of(CONNECTION_RECORD.size));
    const established = Array.from({ length: changes.rows }, (_, row) => row).filter(
      (row) =>
        changes.column('newState')[row] === STATE.ESTABLISHED &&
        changes.column('socket')[row] === accepted.column('socket')[0] &&
        changes.column('socketOther')[row] === accepted.column('socketOther')[0],
    );
    expect(established).toHaveLength(1);
    const waitNs = atNs - (changes.column('timeNs')[established[0] ?? 0] ?? 0);
    expect(waitNs).toBeGreaterThanOrEqual(WAIT_NS);
    // On loopback the client is connected before the queue has it, or after: never a tenth of the wait apart.
    expect(Math.abs(waitNs - (atNs - connectedNs))).toBeLessThan(waitNs / 2);
  });
});

function packetsOf(records: Uint8Array) {
  const table = new RecordTable(PACKET_RECORD, records);
  return Array.from({ length: table.rows }, (_, row) => {
    const value = (name: Parameters<typeof table.column>[0]) => table.column(name)[row] ?? -1;
    const address = (name: 'local' | 'peer') => [...table.column(name).subarray(row * 16, row * 16 + 4)];
    return {
      kind: PACKET_KINDS[value('kind')],
      netns: value('netns'),
      reason: value('reason'),
      state: value('state'),
      family: value('family'),
      cookie: value('cookie'),
      bytes: value('bytes'),
      segments: value('segments'),
      length: value('length'),
      local: address('local'),
      localPort: value('localPort'),
      peer: address('peer'),
      peerPort: value('peerPort'),
    };
  });
}
