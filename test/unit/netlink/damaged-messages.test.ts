/**
 * Damaged bytes: whatever arrives, the readers either understand it or throw a WireError. They never
 * read outside the message, never loop without end. A failure prints fast-check's seed; to run it
 * again, set `SOCKLENS_SEED` to it.
 */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { SocketView } from '../../../src/model/socket/socket-view.ts';
import { findAttribute } from '../../../src/netlink/attributes.ts';
import { DumpReader } from '../../../src/netlink/dump-reader.ts';
import { InetDiagCursor } from '../../../src/netlink/inet-diag-cursor.ts';
import { WireError } from '../../../src/netlink/netlink.ts';
import { RetainedDump } from '../../../src/netlink/retained-dump.ts';
import { decodeTcpInfo } from '../../../src/netlink/tcp-info.ts';
import { UnixDiagCursor } from '../../../src/netlink/unix-diag.ts';
import { GuardedView } from './guarded-view.ts';
import { mutate, mutation, recordedMessages } from './mutation.ts';

const seed = Number(process.env.SOCKLENS_SEED ?? Date.now() % 0x7fffffff);
const messages = recordedMessages();
const HEADER = 16;
const POISON = 64;
let fed = 0;

/** The bytes twice: alone in their buffer, and in the middle of a larger one full of 0xff. */
function placements(bytes: Uint8Array): { view: GuardedView; offset: number }[] {
  const alone = bytes.slice();
  const among = new Uint8Array(bytes.length + 2 * POISON).fill(0xff);
  among.set(bytes, POISON);
  return [
    { view: new GuardedView(alone.buffer), offset: 0 },
    { view: new GuardedView(among.buffer), offset: POISON },
  ];
}

/** Runs `read`; a WireError is expected, any other error fails the test. */
function orWireError(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
}

/** Reads every field of a view. */
function readAll(socket: SocketView, view: DataView, offset: number, length: number): void {
  const { proto, family, state, localPort, peerPort, receiveQueue, sendQueue, uid, inode, cookieLow } = socket;
  const { cookieHigh, timer, timerExpiresMs, retransmits, interfaceIndex, socketType, peerInode } = socket;
  const numbers = [state, localPort, peerPort, receiveQueue, sendQueue, uid, inode, cookieLow, cookieHigh];
  numbers.push(timer, timerExpiresMs, retransmits, interfaceIndex, socketType, peerInode);
  for (const index of [0, 1, 2, 3] as const) numbers.push(socket.localWord(index), socket.peerWord(index));
  numbers.push(socket.drops() ?? 0, ...Object.values(socket.tcpInfo() ?? {}).map(Number));
  for (const number of numbers) {
    if (number !== undefined && !(number >= 0)) throw new Error(`${proto} ${family}: a field is ${number}`);
  }
  socket.cgroupId();
  const name = socket.unixName();
  if (name === undefined) return;
  const at = name.byteOffset - view.byteOffset;
  if (name.buffer !== view.buffer || at < offset || at + name.length > offset + length) {
    throw new Error(`a name of ${name.length} bytes at ${at}, outside ${offset} to ${offset + length}`);
  }
}

const cursors = () => [new InetDiagCursor('tcp'), new InetDiagCursor('udp'), new UnixDiagCursor()];

/** Passes one piece to a DumpReader, and each of its messages to every cursor. */
function feed(piece: Uint8Array): void {
  for (const { view, offset } of placements(piece)) {
    for (const cursor of cursors()) {
      const reader = new DumpReader(1);
      const guardPiece = () => view.guard(offset, offset + piece.length, 8 * (piece.length + 8));
      guardPiece();
      orWireError(() =>
        reader.read(view, offset, piece.length, (at, length) => {
          view.guard(at, at + length, 64 * (length + 64));
          cursor.moveTo(view, at, length);
          readAll(cursor, view, at, length);
          guardPiece();
        }),
      );
    }
  }
}

/** Passes one piece to a retained dump: the messages that the reader accepts are iterated again. */
function feedRetained(piece: Uint8Array): void {
  for (const { view, offset } of placements(piece)) {
    for (const cursor of cursors()) {
      const kept = new RetainedDump(cursor);
      view.guard(offset, offset + piece.length, 128 * (piece.length + 128));
      orWireError(() => {
        new DumpReader(1).read(view, offset, piece.length, (at, length) => cursor.moveTo(view, at, length));
        kept.keep(view, offset, offset + piece.length);
        let rows = 0;
        kept.each(() => rows++);
        expect(rows).toBeLessThanOrEqual(piece.length / HEADER);
      });
    }
  }
}

const picks = fc.array(fc.tuple(fc.nat(messages.length - 1), fc.array(mutation, { minLength: 1, maxLength: 4 })), {
  minLength: 1,
  maxLength: 12,
});

describe(`damaged messages (seed ${seed})`, () => {
  it('raise no other error in pieces: cut, reordered, oversized, with wrong lengths', () => {
    fc.assert(
      fc.property(picks, fc.array(mutation, { maxLength: 2 }), (parts, onTop) => {
        const damaged = parts.map(([index, mutations]) => mutate(messages[index] ?? new Uint8Array(), mutations));
        fed += damaged.length;
        const piece = mutate(Uint8Array.from(damaged.flatMap((bytes) => [...bytes])), onTop);
        feed(piece);
        feedRetained(piece);
      }),
      { seed, numRuns: 10_000 },
    );
  });

  it('raise no other error one by one, when only the payload is damaged', () => {
    fc.assert(
      fc.property(fc.nat(messages.length - 1), fc.array(mutation, { minLength: 1, maxLength: 6 }), (index, steps) => {
        fed++;
        const payload = mutate((messages[index] ?? new Uint8Array()).subarray(HEADER), steps);
        for (const { view, offset } of placements(payload)) {
          view.guard(offset, offset + payload.length, 64 * (payload.length + 64));
          for (const cursor of cursors()) {
            orWireError(() => {
              cursor.moveTo(view, offset, payload.length);
              readAll(cursor, view, offset, payload.length);
            });
          }
        }
      }),
      { seed, numRuns: 60_000 },
    );
  });

  it('raise no other error when they are random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(64), (noise, type) => {
        fed++;
        feed(noise);
        const place = { offset: 0, length: 0 };
        for (const { view, offset } of placements(noise)) {
          view.guard(offset, offset + noise.length, 8 * (noise.length + 8));
          if (findAttribute(view, offset, offset + noise.length, type, place)) {
            expect(place.offset).toBeGreaterThanOrEqual(offset + 4);
            expect(place.offset + place.length).toBeLessThanOrEqual(offset + noise.length);
          }
          view.guard(offset, offset + noise.length, 1000);
          decodeTcpInfo(view, offset, noise.length);
        }
      }),
      { seed, numRuns: 20_000 },
    );
  });

  it('were at least 100,000', () => {
    expect(fed).toBeGreaterThanOrEqual(100_000);
  });

  afterAll(() => {
    console.info(`damaged messages: ${fed} fed, seed ${seed}`);
  });
});

describe('undamaged recordings', () => {
  it('are read without an error, message by message', () => {
    // Verifies the input of the tests above before it is damaged.
    for (const message of messages) {
      const reader = new DumpReader(1);
      const view = new GuardedView(message.slice().buffer);
      view.guard(0, message.length, 10_000);
      reader.read(view, 0, message.length, (at, length) => {
        const unix = view.getUint8(at) === 1;
        const cursor = unix ? new UnixDiagCursor() : new InetDiagCursor('tcp');
        cursor.moveTo(view, at, length);
        readAll(cursor, view, at, length);
      });
    }
    expect(messages.length).toBeGreaterThan(200);
  });
});
