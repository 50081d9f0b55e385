/** The kernel chooses the local port of an attempt after its record was written: it is in a later one of the socket. */
import { expect, test } from 'vitest';
import { CONNECTION_RECORD } from '../../../../../src/bpf/programs/connection-events.ts';
import { RecordTable } from '../../../../../src/bpf/record-table.ts';
import { TCP_STATE } from '../../../../../src/model/socket/tcp-state.ts';
import { OpenedPorts } from '../../../../../src/sources/live/events/opened-ports.ts';

const { SYN_SENT, ESTABLISHED, CLOSE } = TCP_STATE;

interface Row {
  socket: number;
  state: number;
  port?: number;
}

function portsOf(rows: readonly Row[]): number[] {
  const { size } = CONNECTION_RECORD;
  const bytes = new Uint8Array(rows.length * size);
  const view = new DataView(bytes.buffer);
  const offset = (name: 'socket' | 'newState' | 'localPort') => CONNECTION_RECORD.place(name).offset;
  for (const [row, { socket, state, port = 0 }] of rows.entries()) {
    view.setUint32(row * size + offset('socket'), socket, true);
    view.setUint8(row * size + offset('newState'), state);
    view.setUint16(row * size + offset('localPort'), port);
  }
  const ports = new OpenedPorts(new RecordTable(CONNECTION_RECORD, bytes));
  return rows.map((_, row) => ports.of(row));
}

test('an attempt has the port of the next record of its socket; 0 where there is none yet', () => {
  const rows = [
    { socket: 1, state: SYN_SENT },
    { socket: 2, state: SYN_SENT },
    { socket: 3, state: SYN_SENT },
    { socket: 2, state: CLOSE, port: 40_002 },
    { socket: 1, state: ESTABLISHED, port: 40_001 },
    // Another connection at the same address.
    { socket: 2, state: SYN_SENT },
    { socket: 2, state: ESTABLISHED, port: 40_003 },
  ];
  expect(portsOf(rows)).toEqual([40_001, 40_002, 0, 40_002, 40_001, 40_003, 40_003]);
});

test('also where a thousand other records are between', () => {
  const many = Array.from({ length: 1000 }, (_, index) => ({ socket: 100 + index, state: SYN_SENT }));
  const established = many.map(({ socket }) => ({ socket, state: ESTABLISHED, port: 30_000 + socket }));
  expect(portsOf([...many, ...established]).slice(0, 1000)).toEqual(many.map(({ socket }) => 30_000 + socket));
});

test('a port that could not be chosen stays 0', () => {
  expect(
    portsOf([
      { socket: 1, state: SYN_SENT },
      { socket: 1, state: CLOSE },
    ]),
  ).toEqual([0, 0]);
});
