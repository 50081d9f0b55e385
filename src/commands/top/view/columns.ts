import { durationText } from '../../../base/duration.ts';
import { limitShare } from '../../../model/container/limits.ts';
import type { SocketCounts } from '../../../model/report/socket-counts.ts';
import type { TopPeerRow, TopRow, TopSocketRow } from '../../../model/report/top-rows.ts';
import { closeWaitStyle } from '../../../render/attention.ts';
import { spark } from '../../../render/spark.ts';
import type { Style } from '../../../render/terminal/screen.ts';
import { descriptorBar, stateBar } from './bars.ts';
import type { Column } from './column.ts';
import { shortCount } from './short-count.ts';

/** A column of numbers. @param drop see `TableColumn`; undefined for a column that is never dropped */
function count<Row>(
  id: string,
  title: string,
  drop: number | undefined,
  read: (row: Row) => number | undefined,
  more: { key?: string; style?: (count: number) => Style | undefined } = {},
): Column<Row> {
  const { key, style } = more;
  return {
    id,
    title,
    align: 'right',
    width: Math.max(title.length, 5),
    ...(drop !== undefined && { drop }),
    ...(key !== undefined && { key }),
    cell: {
      text: (row) => shortCount(read(row)),
      ...(style !== undefined && { style: (row: Row) => style(read(row) ?? 0) }),
    },
    order: (row) => read(row) ?? -1,
  };
}

const inState =
  (...states: string[]) =>
  ({ byState }: SocketCounts) =>
    states.reduce((sum, state) => sum + (byState[state] ?? 0), 0);

/** The columns by socket state, the same in every list of counts. CLOSE_WAIT is never dropped. */
function stateColumns<Row extends SocketCounts>(): Column<Row>[] {
  return [
    count('estab', 'Estab', 11, inState('ESTABLISHED'), { key: 'E' }),
    count('listen', 'Listen', 6, inState('LISTEN')),
    count('syn', 'Syn', 4, inState('SYN_SENT', 'SYN_RECV')),
    count('close-wait', 'CloseWait', undefined, inState('CLOSE_WAIT'), { key: 'C', style: closeWaitStyle }),
    count('closing', 'Closing', 2, inState('FIN_WAIT1', 'FIN_WAIT2', 'LAST_ACK', 'CLOSING')),
    count('time-wait', 'TimeWait', 9, inState('TIME_WAIT'), { key: 'W' }),
    count('udp', 'UDP', 3, ({ udp }) => udp),
  ];
}

function bar<Row extends SocketCounts>(): Column<Row> {
  return {
    id: 'bar',
    title: 'States',
    align: 'left',
    width: 12,
    most: 60,
    drop: 10,
    cell: { grows: 3, draw: (row, width, { largest, colour }) => stateBar(row, largest, width, colour) },
  };
}

function sparkLine<Row extends { history: readonly number[] }>(drop: number): Column<Row> {
  return {
    id: 'spark',
    title: 'Trend',
    align: 'left',
    width: 8,
    most: 30,
    drop,
    cell: {
      grows: 1,
      draw: ({ history }, width) => [{ text: spark(history, width).padEnd(width), style: 'good' }],
    },
  };
}

/** The columns of the overview. */
export const OVERVIEW_COLUMNS: readonly Column<TopRow>[] = [
  {
    id: 'name',
    title: 'Name',
    align: 'left',
    width: 15,
    most: 40,
    shorten: 'name',
    key: 'N',
    cell: { text: ({ name }) => name },
    order: ({ name }) => name,
  },
  count('sockets', 'Socks', 12, ({ total }) => total, { key: 'P' }),
  bar(),
  ...stateColumns<TopRow>(),
  {
    id: 'descriptors',
    title: 'Descriptors',
    align: 'right',
    width: 14,
    most: 24,
    key: 'M',
    cell: { grows: 1, draw: ({ descriptors }, width) => descriptorBar(descriptors, width) },
    order: ({ descriptors: use }) => (use === undefined ? -1 : (limitShare(use.used, use.softLimit) ?? 0)),
  },
  sparkLine(7),
  count('opens', 'Open/s', 5, ({ opensPerSecond }) => opensPerSecond, { key: 'T' }),
  count('failures', 'Fail/s', 4.5, ({ failuresPerSecond }) => failuresPerSecond),
  count('closes', 'Close/s', 1.5, ({ closesPerSecond }) => closesPerSecond),
  {
    id: 'age',
    title: 'Age',
    align: 'right',
    width: 5,
    // Never dropped: without it the other numbers look like those of the last tick.
    cell: { text: ({ snapshotAtMs }, { atMs }) => (snapshotAtMs === undefined ? '?' : ageText(atMs - snapshotAtMs)) },
    order: ({ snapshotAtMs }) => -(snapshotAtMs ?? 0),
  },
  { id: 'runtime', title: 'Runtime', align: 'left', width: 8, drop: 1, cell: { text: ({ runtime }) => runtime } },
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
    most: 45,
    shorten: 'name',
    key: 'N',
    cell: { text: ({ peer }) => peer },
    order: ({ peer }) => peer,
  },
  {
    id: 'service',
    title: 'Service',
    align: 'left',
    width: 11,
    cell: { text: ({ direction, service }) => `${direction === 'out' ? '→' : '←'} ${service}` },
    order: ({ direction, service }) => `${direction} ${service}`,
  },
  count('sockets', 'Socks', 12, ({ total }) => total, { key: 'P' }),
  bar(),
  ...stateColumns<TopPeerRow>(),
  sparkLine(8),
];

/** The columns of a list of sockets. */
export const SOCKET_COLUMNS: readonly Column<TopSocketRow>[] = [
  {
    id: 'proto',
    title: 'Prot',
    align: 'left',
    width: 5,
    drop: 4,
    cell: { text: ({ proto }) => proto },
    order: ({ proto }) => proto,
  },
  count('receive', 'RecvQ', 6, ({ receiveQueue }) => receiveQueue),
  count('send', 'SendQ', 5, ({ sendQueue }) => sendQueue),
  count('drops', 'Drops', 3.5, ({ drops }) => drops),
  {
    id: 'local',
    title: 'Local',
    align: 'left',
    width: 18,
    shorten: 'endpoint',
    cell: { text: ({ local }) => local },
    order: ({ local }) => local,
  },
  {
    id: 'peer',
    title: 'Peer',
    align: 'left',
    width: 18,
    shorten: 'endpoint',
    key: 'N',
    cell: { text: ({ peer }) => peer },
    order: ({ peer }) => peer,
  },
  {
    id: 'state',
    title: 'State',
    align: 'left',
    width: 11,
    key: 'P',
    cell: { text: ({ state }) => state, style: ({ state }) => (state === 'CLOSE_WAIT' ? 'warning' : undefined) },
    order: ({ state }) => state,
  },
  {
    id: 'idle',
    title: 'Idle',
    align: 'right',
    width: 6,
    drop: 3,
    key: 'T',
    cell: { text: ({ idleMs }) => timeText(idleMs) },
    order: ({ idleMs }) => idleMs ?? -1,
  },
  {
    id: 'rtt',
    title: 'RTT',
    align: 'right',
    width: 6,
    drop: 2,
    cell: { text: ({ roundTripUs }) => timeText(roundTripUs === undefined ? undefined : roundTripUs / 1000) },
    order: ({ roundTripUs }) => roundTripUs ?? -1,
  },
  {
    id: 'seen',
    title: 'Seen',
    align: 'right',
    width: 6,
    drop: 1,
    cell: { text: ({ seenForMs }) => timeText(seenForMs) },
    order: ({ seenForMs }) => seenForMs ?? -1,
  },
  {
    id: 'process',
    title: 'Process',
    align: 'left',
    width: 11,
    shorten: 'process',
    cell: { text: ({ process }) => process },
    order: ({ process }) => process,
  },
];

function timeText(ms: number | undefined): string {
  return ms === undefined ? '-' : durationText(ms);
}
