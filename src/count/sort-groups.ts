import { RTT_BUCKETS, TIME_BUCKETS } from '../model/report/buckets.ts';
import type { Group, GroupKey, GroupOrder } from '../model/report/group.ts';
import { STATE_DISPLAY_ORDER } from '../model/socket/tcp-state.ts';

type Value = string | number | null | undefined;

/** Keys whose values have an order other than that of their text. */
const ORDERS: Partial<Record<GroupKey, readonly string[]>> = {
  state: STATE_DISPLAY_ORDER,
  idle: TIME_BUCKETS.labels,
  age: TIME_BUCKETS.labels,
  rtt: RTT_BUCKETS.labels,
};

/**
 * Sorts groups. By a key: states in display order, times from the shortest, numbers (also at the start of a text,
 * as in `PID/name`) by size, text by code point, null last; equal values by count, the larger first.
 */
export function sortGroups(groups: readonly Group[], order: GroupOrder): Group[] {
  if (order === 'count') return [...groups].sort((a, b) => b.count - a.count);
  return [...groups].sort((a, b) => compareValues(order, a.key[order], b.key[order]) || b.count - a.count);
}

function compareValues(key: GroupKey, a: Value, b: Value): number {
  if (a == null || b == null) return Number(a == null) - Number(b == null);
  const known = ORDERS[key];
  if (known !== undefined) return known.indexOf(String(a)) - known.indexOf(String(b));
  const byNumber = leadingNumber(a) - leadingNumber(b);
  if (byNumber !== 0 && !Number.isNaN(byNumber)) return byNumber;
  return a === b ? 0 : a < b ? -1 : 1;
}

/** The value of a number, or of the PID in `42/nginx`; NaN for an address, which is text. */
function leadingNumber(value: string | number): number {
  if (typeof value === 'number') return value;
  return Number(/^(\d+)\//.exec(value)?.[1] ?? Number.NaN);
}
