import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressInterner } from '../../../src/model/socket/interned-address.ts';
import { AllRows } from '../../../src/model/socket/stored-sockets.ts';
import { AddressTexts } from '../../../src/recording/address-texts.ts';
import { fromColumns, toColumns } from '../../../src/recording/columns.ts';
import { SocketChangesWriter } from '../../../src/recording/socket-changes.ts';
import { SocketChangesReader } from '../../../src/recording/socket-changes-reader.ts';
import { columnsOf, inColumns, type PlainSocket } from '../../support/plain-socket.ts';
import { keyOf, records, recordsOf, snapshots, T0 } from '../../support/random-records.ts';

const read = (line: unknown) => JSON.parse(JSON.stringify(line));

function sorted(sockets: readonly PlainSocket[]): PlainSocket[] {
  return [...sockets].sort((a, b) => String(keyOf(a)).localeCompare(String(keyOf(b))));
}

describe('columns', () => {
  it('give back what was put in, any socket and any number of them', () => {
    fc.assert(
      fc.property(records, (sockets) => {
        const keys = sockets.map((socket, index) => socket.cookie || -1 - index);
        const back = fromColumns(read(toColumns(columnsOf(sockets, T0), keys)), T0, new AddressTexts());
        expect(recordsOf(new AllRows(back.sockets, T0))).toEqual(sockets);
        expect(back.keys).toEqual(keys);
      }),
    );
  });

  it('tell once what all have, and leave out what nobody has', () => {
    fc.assert(
      fc.property(records, (sockets) => {
        for (const [name, column] of Object.entries(
          toColumns(
            columnsOf(sockets, T0),
            sockets.map(({ cookie }) => cookie),
          ),
        )) {
          // Not a value for each row: those of the rows with several, one row's after the other's.
          const several = sockets.flatMap(({ holders = [] }) => (holders.length > 1 ? holders : []));
          if (name.startsWith('holder') && name !== 'holders') expect(column).toHaveLength(several.length);
          else if (name === 'key' || name === 'inode') expect(column).toHaveLength(sockets.length);
          else if (column.length > 1) expect(new Set(column).size).toBeGreaterThan(1);
          else expect(column[0]).not.toBeNull();
        }
      }),
    );
  });
});

describe('changes', () => {
  it('put together are the snapshots that they were made of, and stay what they were', () => {
    fc.assert(
      fc.property(snapshots, (series) => {
        const writer = new SocketChangesWriter();
        const reader = new SocketChangesReader(new AddressTexts());
        const backs = series.map((look) => reader.snapshot(read(writer.change(inColumns(look)))));
        for (const [index, look] of series.entries()) {
          const { sockets: back, ...header } = backs[index] ?? {};
          const { sockets, ...written } = look;
          expect(header).toEqual(written);
          // The first look that had it is the one that counts.
          const timeless = ({ firstSeenMs, notBeforeMs, ...rest }: PlainSocket) => rest;
          const records = back === undefined ? [] : recordsOf(back);
          expect(sorted(records).map(timeless)).toEqual(sorted(sockets).map(timeless));
        }
      }),
    );
  });

  it('tell MPTCP connections before TCP ones', () => {
    fc.assert(
      fc.property(snapshots, (series) => {
        const writer = new SocketChangesWriter();
        const reader = new SocketChangesReader(new AddressTexts());
        for (const look of series) {
          const isConnection = recordsOf(reader.snapshot(read(writer.change(inColumns(look)))).sockets).map(
            ({ proto }) => proto === 'mptcp',
          );
          expect(isConnection).toEqual([...isConnection].sort((a, b) => Number(b) - Number(a)));
        }
      }),
    );
  });

  it('of what stays as it is there are none', () => {
    fc.assert(
      fc.property(snapshots, (series) => {
        const writer = new SocketChangesWriter();
        for (const look of series) {
          writer.change(inColumns(look));
          const { now, gone } = writer.change(inColumns(look));
          expect([now, gone]).toEqual([undefined, undefined]);
        }
      }),
    );
  });

  it('clocks that go on by themselves are no change, those that were set again are', () => {
    const book = new AddressInterner();
    const socket: PlainSocket = {
      proto: 'tcp',
      family: 'inet',
      state: 1,
      localPort: 1,
      peerPort: 2,
      receiveQueue: 0,
      sendQueue: 0,
      uid: 0,
      local: book.inet(1),
      peer: book.inet(2),
      inode: 3,
      cookie: 4,
      timer: 2,
      timerExpiresMs: 5000,
      retransmits: 0,
      interfaceIndex: 0,
      firstSeenMs: T0,
      socketType: 0,
      peerInode: 0,
      info: { rttUs: 9, lastSentMs: 100 },
    };
    const look = (takenAtMs: number, changed: Partial<PlainSocket>) =>
      inColumns({
        takenAtMs,
        source: 'sock_diag' as const,
        coverage: { complete: true, notes: [] },
        withoutStates: 0,
        sockets: [{ ...socket, ...changed }],
      });
    const writer = new SocketChangesWriter();
    writer.change(look(T0, {}));
    const went = { timerExpiresMs: 4010, info: { rttUs: 9, lastSentMs: 1096 } };
    expect(writer.change(look(T0 + 1000, went)).now).toBeUndefined();
    const sent = { timerExpiresMs: 3010, info: { rttUs: 9, lastSentMs: 3 } };
    expect(writer.change(look(T0 + 2000, sent)).now).toMatchObject({ 'info.lastSentMs': [T0 + 1997] });
    // As those of a listener, which are always 0.
    const still = { timerExpiresMs: 2010, info: { rttUs: 9, lastSentMs: 3 } };
    expect(writer.change(look(T0 + 3000, still)).now).toBeUndefined();
    for (const changed of [
      { peer: book.inet(7) },
      { peerPort: 7 },
      { local: book.inet(7) },
      { process: { pid: 1, name: 'x' } },
    ])
      expect(writer.change(look(T0 + 3000, { ...still, ...changed })).now).toBeDefined();
  });
});
