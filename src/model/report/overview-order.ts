import { limitShare } from '../container/limits.ts';
import type { OverviewRow } from './overview.ts';

/** What a row of `ps` is sorted by; one of `ps --by service` has no peer. */
type Sortable = Pick<OverviewRow, 'name' | 'sockets' | 'descriptors' | 'busiestPeer'>;

/** The keys by which the rows of `ps` can be sorted, with the value of a row; undefined for none, which comes last. */
const VALUES = {
  name: ({ name }) => name,
  sockets: ({ sockets }) => sockets?.total,
  established: ({ sockets }) => inState(sockets, 'ESTABLISHED'),
  listen: ({ sockets }) => inState(sockets, 'LISTEN'),
  'time-wait': ({ sockets }) => inState(sockets, 'TIME_WAIT'),
  'close-wait': ({ sockets }) => inState(sockets, 'CLOSE_WAIT'),
  udp: ({ sockets }) => sockets?.udp,
  unix: ({ sockets }) => sockets?.unix,
  descriptors: ({ descriptors }) =>
    descriptors && (limitShare(descriptors.used, descriptors.softLimit) ?? 0) + descriptors.used * TINY,
  peer: ({ busiestPeer }) => busiestPeer?.count,
} as const satisfies Record<string, (row: Sortable) => number | string | undefined>;

/** Makes equal shares of unlimited limits differ by the number of descriptors. */
const TINY = 1e-12;

/** A key of the rows of `ps`. */
export type OverviewOrder = keyof typeof VALUES;

export const OVERVIEW_ORDERS = Object.keys(VALUES) as OverviewOrder[];

/**
 * Sorts the rows of `ps`: names from A, counts from the largest, descriptors by the used part of their limit. Rows with
 * the same value keep their order.
 */
export function sortOverview<Row extends Sortable>(rows: readonly Row[], key: OverviewOrder): Row[] {
  const value: (row: Row) => number | string | undefined = VALUES[key];
  return [...rows].sort((one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
    if (a === b) return 0;
    return a < b === (key === 'name') ? -1 : 1;
  });
}

function inState(sockets: OverviewRow['sockets'], state: string): number | undefined {
  return sockets === null ? undefined : (sockets.byState[state as keyof typeof sockets.byState] ?? 0);
}
