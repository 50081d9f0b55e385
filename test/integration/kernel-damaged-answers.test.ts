/**
 * Invalid answers in the real reading loop. A file replaces the socket: the request overwrites its
 * beginning, and the next read returns the prepared answer.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { dumpSockets, streamSockets } from '../../src/collect/dump/dump-sockets.ts';
import { localMachine } from '../../src/collect/local-machine.ts';
import type { Machine } from '../../src/collect/machine.ts';
import { handleOfHost } from '../../src/collect/target/find-netns.ts';
import { DiagError, DiagSocket, scratchStore } from '../../src/kernel/diag-socket.ts';
import { everySocket } from '../../src/model/socket/socket-query.ts';
import { InetDiagCursor } from '../../src/netlink/inet-diag-cursor.ts';
import { tcpBothFamiliesRequest } from '../../src/netlink/inet-diag-request.ts';
import { WireError } from '../../src/netlink/netlink.ts';
import { concat, hex } from '../support/hex.ts';
import { mutate, mutation, recordedMessages } from '../unit/netlink/mutation.ts';

const seed = Number(process.env.SOCKLENS_SEED ?? Date.now() % 0x7fffffff);
const REQUEST_BYTES = 76;
const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'answers-')), 'answer');
afterAll(() => fs.rmSync(path.dirname(file), { recursive: true }));

/** A TCP socket on port 8080 with this inode, one byte, as the first dump of a socket is answered. */
const tcp = (inode: string) =>
  hex(`
  58000000 1400 0200 01000000 00000000   # length 88, SOCK_DIAG_BY_FAMILY, MULTI, sequence 1
  02 01 00 00 1f90 0000 ${'00'.repeat(60)} ${inode}000000
`);
const DONE = hex('14000000 0300 0200 01000000 00000000 00000000');
const request = () => tcpBothFamiliesRequest({ states: 0x3ffe, ext: 0, sequence: 0 });

/** A descriptor that answers a TCP dump with these bytes, and then with the end of the file. */
function answering(...parts: Uint8Array[]): number {
  fs.writeFileSync(file, concat(new Uint8Array(REQUEST_BYTES), ...parts));
  return fs.openSync(file, 'r+');
}

function dump(socket: DiagSocket): number[] {
  const cursor = new InetDiagCursor('tcp');
  const inodes: number[] = [];
  socket.dump('TCP dump', request(), scratchStore(), (view, offset, length) => {
    cursor.moveTo(view, offset, length);
    inodes.push(cursor.inode);
  });
  return inodes;
}

function withSocket<T>(parts: Uint8Array[], use: (socket: DiagSocket) => T): T {
  const socket = new DiagSocket(answering(...parts));
  try {
    return use(socket);
  } finally {
    socket.close();
  }
}

describe('DiagSocket', () => {
  it('reads a complete answer from any readable descriptor', () => {
    // A test of the test.
    expect(withSocket([tcp('01'), tcp('02'), DONE], dump)).toEqual([1, 2]);
  });

  it('fails with EPIPE when the answer is truncated', () => {
    withSocket([tcp('01')], (socket) => {
      expect(() => dump(socket)).toThrow('TCP dump: EPIPE');
      expect(() => dump(socket)).toThrow('TCP dump: EBUSY');
    });
  });

  it('passes a WireError on', () => {
    expect(() => withSocket([tcp('01'), hex('00000000 1400 0200 01000000 00000000')], dump)).toThrow(WireError);
    expect(() => withSocket([hex('14000000 1400 0200 01000000 00000000 02010000'), DONE], dump)).toThrow(WireError);
  });

  it(`gives rows, a DiagError or a WireError for any bytes (seed ${seed})`, () => {
    const messages = recordedMessages();
    const part = fc.tuple(fc.nat(messages.length - 1), fc.array(mutation, { maxLength: 2 }));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 300 }), (parts) => {
        const damaged = parts.map(([index, steps]) => mutate(messages[index] ?? new Uint8Array(), steps));
        try {
          withSocket(damaged, dump);
        } catch (error) {
          if (!(error instanceof WireError) && !(error instanceof DiagError)) throw error;
        }
      }),
      { seed, numRuns: 300 },
    );
  });
});

describe('a dump of a damaged answer', () => {
  const machine = localMachine({});
  const handle = { ...handleOfHost(machine), own: true };
  const query = { ...everySocket(), protos: ['tcp'] as const };
  const answeredBy = (...parts: Uint8Array[]): Machine => ({
    ...machine,
    systemCalls: () => ({ ...machine.systemCalls(), socket: () => answering(...parts), setsockopt: () => {} }),
  });

  it.each([
    ['a length of zero', [tcp('01'), hex('00000000 1400 0200 01000000 00000000')]],
    [
      'a message that is too short for its structure',
      [tcp('01'), hex('14000000 1400 0200 01000000 00000000 02010000'), DONE],
    ],
    ['an overrun', [tcp('01'), hex('10000000 0400 0000 01000000 00000000')]],
  ])('reports an incomplete answer: %s', (_, parts) => {
    for (const report of [
      dumpSockets(answeredBy(...parts), handle, query),
      streamSockets(answeredBy(...parts), handle, query, () => {}),
    ]) {
      expect(report.coverage.complete).toBe(false);
      expect(report.coverage.notes.join('\n')).toContain("TCP dump: the kernel's answer is incomplete");
    }
  });

  it('gives the sockets before the damage and sends no second request', () => {
    const inodes: number[] = [];
    const report = dumpSockets(answeredBy(tcp('01'), tcp('02')), handle, query);
    report.sockets.each((socket) => inodes.push(socket.inode));
    expect(inodes).toEqual([1, 2]);
    expect(report.coverage).toEqual({ complete: false, notes: ['TCP dump failed (EPIPE)'] });
  });

  it('gives all sockets of a complete answer', () => {
    const inodes: number[] = [];
    const report = dumpSockets(answeredBy(tcp('01'), tcp('02'), DONE), handle, query);
    report.sockets.each((socket) => inodes.push(socket.inode));
    expect(inodes).toEqual([1, 2]);
    expect(report.coverage).toEqual({ complete: true, notes: [] });
  });

  it('leaves no descriptor open', () => {
    const open = () => fs.readdirSync('/proc/self/fd').length;
    const before = open();
    for (let index = 0; index < 20; index++) {
      dumpSockets(answeredBy(tcp('01')), handle, query);
      dumpSockets(answeredBy(tcp('01'), DONE), handle, query);
    }
    expect(open()).toBe(before);
  });
});
