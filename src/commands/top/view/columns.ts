import { durationText } from '../../../base/duration.ts';
import { limitShare } from '../../../model/container/limits.ts';
import type { SocketCounts } from '../../../model/report/socket-counts.ts';
import type { TopPeerRow, TopRow, TopSocketRow } from '../../../model/report/top-rows.ts';
import { spark } from '../../../render/spark.ts';
import { descriptorBar, stateBar } from './bars.ts';
import type { Column } from './column.ts';

/** A column of numbers. */
function count<Row>(
  id: string,
  title: string,
  rank: number,
  read: (row: Row) => number | undefined,
  more: { key?: string; width?: number } = {},
): Column<Row> {
  const { key, width = Math.max(title.length, 5) } = more;
  return {
    id,
    title,
    align: 'right',
    width,
    rank,
    ...(key !== undefined && { key }),
    cell: (row) => shortCount(read(row)),
    order: (row) => read(row) ?? -1,
  };
}

/** A number in at most five characters: `99999`, `123k`, `12.3M`. */
export function shortCount(value: number | undefined): string {
  if (value === undefined) return '-';
  if (value < 100_000) return String(Math.round(value * 10) / 10).slice(0, 5);
  return value < 1_000_000 ? `${Math.floor(value / 1000)}k` : `${(value / 1_000_000).toFixed(1)}M`;
}

const inState =
  (...states: string[]) =>
  ({ byState }: SocketCounts) =>
    states.reduce((sum, state) => sum + (byState[state] ?? 0), 0);

/** The columns by socket state, the same in every list of counts. */
function stateColumns<Row extends SocketCounts>(): Column<Row>[] {
  return [
    count('estab', 'Estab', 2, inState('ESTABLISHED'), { key: 'E' }),
    count('listen', 'Listen', 8, inState('LISTEN')),
    count('syn', 'Syn', 9, inState('SYN_SENT', 'SYN_RECV')),
    count('close-wait', 'CloseWait', 3, inState('CLOSE_WAIT'), { key: 'C' }),
    count('closing', 'Closing', 10, inState('FIN_WAIT1', 'FIN_WAIT2', 'LAST_ACK', 'CLOSING')),
    count('time-wait', 'TimeWait', 5, inState('TIME_WAIT'), { key: 'W' }),
    count('udp', 'UDP', 9, ({ udp }) => udp),
  ];
}

function bar<Row extends SocketCounts>(rank: number): Column<Row> {
  return {
    id: 'bar',
    title: 'States',
    align: 'left',
    width: 12,
    grows: 3,
    most: 60,
    rank,
    cell: (row, width, { largest, colour }) => stateBar(row, largest, width, colour),
  };
}

function sparkLine<Row extends { history: readonly number[] }>(rank: number): Column<Row> {
  return {
    id: 'spark',
    title: 'Trend',
    align: 'left',
    width: 8,
    grows: 1,
    most: 30,
    rank,
    cell: ({ history }, width) => [{ text: spark(history, width).padEnd(width), style: 'good' }],
  };
}

/** The columns of the overview. */
export const OVERVIEW_COLUMNS: readonly Column<TopRow>[] = [
  {
    id: 'name',
    title: 'Name',
    align: 'left',
    width: 12,
    grows: 2,
    most: 40,
    rank: 0,
    key: 'N',
    cell: ({ name }) => name,
    order: ({ name }) => name,
  },
  count('sockets', 'Socks', 1, ({ total }) => total, { key: 'P' }),
  bar(4),
  ...stateColumns<TopRow>(),
  {
    id: 'descriptors',
    title: 'Descriptors',
    align: 'right',
    width: 14,
    grows: 1,
    most: 24,
    rank: 3,
    key: 'M',
    cell: ({ descriptors }, width) => descriptorBar(descriptors, width),
    order: ({ descriptors: use }) => (use === undefined ? -1 : (limitShare(use.used, use.softLimit) ?? 0)),
  },
  sparkLine(7),
  count('opens', 'Open/s', 8, ({ opensPerSecond }) => opensPerSecond, { key: 'T' }),
  {
    id: 'age',
    title: 'Age',
    align: 'right',
    width: 5,
    // Without it the other numbers look like those of the last tick.
    rank: 2,
    cell: ({ snapshotAtMs }, _width, { atMs }) => (snapshotAtMs === undefined ? '?' : ageText(atMs - snapshotAtMs)),
    order: ({ snapshotAtMs }) => -(snapshotAtMs ?? 0),
  },
  { id: 'runtime', title: 'Runtime', align: 'left', width: 8, rank: 12, cell: ({ runtime }) => runtime },
];

/** Age of counts: `now` for those of the current tick, else seconds. */
export function ageText(ms: number): string {
  return ms < 1000 ? 'now' : `${Math.round(ms / 1000)}s`;
}

/** The columns of the peers of a row. */
export const PEER_COLUMNS: readonly Column<TopPeerRow>[] = [
  {
    id: 'peer',
    title: 'Peer',
    align: 'left',
    width: 15,
    grows: 2,
    most: 45,
    rank: 0,
    key: 'N',
    cell: ({ peer }) => peer,
    order: ({ peer }) => peer,
  },
  {
    id: 'service',
    title: 'Service',
    align: 'left',
    width: 11,
    grows: 1,
    most: 20,
    rank: 1,
    cell: ({ direction, service }) => `${direction === 'out' ? '→' : '←'} ${service}`,
    order: ({ direction, service }) => `${direction} ${service}`,
  },
  count('sockets', 'Socks', 1, ({ total }) => total, { key: 'P' }),
  bar(4),
  ...stateColumns<TopPeerRow>(),
  sparkLine(4),
];

/** The columns of a list of sockets. */
export const SOCKET_COLUMNS: readonly Column<TopSocketRow>[] = [
  {
    id: 'proto',
    title: 'Prot',
    align: 'left',
    width: 5,
    rank: 7,
    cell: ({ proto }) => proto,
    order: ({ proto }) => proto,
  },
  count('receive', 'RecvQ', 4, ({ receiveQueue }) => receiveQueue),
  count('send', 'SendQ', 4, ({ sendQueue }) => sendQueue),
  count('drops', 'Drops', 6, ({ drops }) => drops),
  {
    id: 'local',
    title: 'Local',
    align: 'left',
    width: 18,
    grows: 2,
    most: 46,
    rank: 2,
    cell: ({ local }) => local,
    order: ({ local }) => local,
  },
  {
    id: 'peer',
    title: 'Peer',
    align: 'left',
    width: 18,
    grows: 2,
    most: 46,
    rank: 0,
    key: 'N',
    cell: ({ peer }) => peer,
    order: ({ peer }) => peer,
  },
  {
    id: 'state',
    title: 'State',
    align: 'left',
    width: 11,
    rank: 1,
    key: 'P',
    cell: ({ state }) => state,
    order: ({ state }) => state,
  },
  {
    id: 'idle',
    title: 'Idle',
    align: 'right',
    width: 6,
    rank: 8,
    key: 'T',
    cell: ({ idleMs }) => timeText(idleMs),
    order: ({ idleMs }) => idleMs ?? -1,
  },
  {
    id: 'rtt',
    title: 'RTT',
    align: 'right',
    width: 6,
    rank: 9,
    cell: ({ roundTripUs }) => timeText(roundTripUs === undefined ? undefined : roundTripUs / 1000),
    order: ({ roundTripUs }) => roundTripUs ?? -1,
  },
  {
    id: 'seen',
    title: 'Seen',
    align: 'right',
    width: 6,
    rank: 10,
    cell: ({ seenForMs }) => timeText(seenForMs),
    order: ({ seenForMs }) => seenForMs ?? -1,
  },
  {
    id: 'process',
    title: 'Process',
    align: 'left',
    width: 11,
    grows: 1,
    most: 30,
    rank: 3,
    cell: ({ process }) => process,
    order: ({ process }) => process,
  },
];

function timeText(ms: number | undefined): string {
  return ms === undefined ? '-' : durationText(ms);
}
