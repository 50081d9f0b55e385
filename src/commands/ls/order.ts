/** The options of `ls` that order and cut its lists and its groups. */
import { nearest } from '../../base/nearest.ts';
import { Failure } from '../../model/failure.ts';
import { GROUP_KEYS, type GroupKey, type GroupOrder } from '../../model/report/group.ts';
import { type ListOrder, SOCKET_ORDERS, type SocketOrder } from '../../model/report/socket-order.ts';
import { option, type ValuesOf } from '../option.ts';
import { parseCount, parseKeys } from '../options.ts';
import { proposeList } from '../proposals.ts';

/** A key of a list or of groups. */
type Order = 'count' | GroupKey | SocketOrder;

const ORDERS: readonly Order[] = [...new Set(['count', ...SOCKET_ORDERS, ...GROUP_KEYS] as const)];

export const orderOptions = {
  by: option.value('KEY,KEY', 'Count sockets in groups by these keys instead of listing them', parseKeys, {
    choices: GROUP_KEYS,
    propose: proposeList(GROUP_KEYS),
  }),
  sort: option.value(
    'KEY',
    'Sort by this key: queues and times from the largest; groups by count, or a key',
    parseOrder,
    { choices: ORDERS },
  ),
  reverse: option.boolean('Sort the other way round'),
  limit: option.value('N', 'Show only the first N sockets or groups of each target', parseCount),
  // The spelling for groups up to version 0.1.
  top: option.value('N', 'Show only the first N groups', parseCount, { hidden: true }),
};

/** How `ls` orders what it shows. */
export interface LsOrder {
  /** The keys of groups; empty for a list. */
  by: readonly GroupKey[];
  groups: { order: GroupOrder; isReversed: boolean; limit: number | undefined };
  list: ListOrder;
}

/** @throws {Failure} `usage` for a key that the list, or these groups, do not have, and for `--top` without `--by` */
export function orderOf({ by = [], sort, reverse, limit, top }: ValuesOf<typeof orderOptions>): LsOrder {
  if (by.length === 0 && top !== undefined)
    throw new Failure('usage', '--top needs groups; add --by KEY,KEY, or use --limit');
  if (reverse && sort === undefined) throw new Failure('usage', '--reverse needs --sort KEY');
  const isReversed = reverse;
  if (by.length > 0) {
    const order = groupOrder(sort ?? 'count', by);
    return {
      by,
      groups: { order, isReversed, limit: limit ?? top },
      list: { key: undefined, isReversed, limit: undefined },
    };
  }
  return { by, groups: { order: 'count', isReversed, limit }, list: { key: listOrder(sort), isReversed, limit } };
}

function groupOrder(sort: Order, by: readonly GroupKey[]): GroupOrder {
  const order = (['count', ...by] as const).find((key) => key === sort);
  if (order !== undefined) return order;
  throw new Failure('usage', `--sort ${sort}: not a key of --by ${by.join(',')}; sort by count or by one of these`);
}

function listOrder(sort: Order | undefined): SocketOrder | undefined {
  const key = SOCKET_ORDERS.find((known) => known === sort);
  if (sort === undefined || key !== undefined) return key;
  throw new Failure(
    'usage',
    `--sort ${sort} needs groups (--by KEY,KEY); a list is sorted by ${SOCKET_ORDERS.join(', ')}`,
  );
}

function parseOrder(text: string): Order {
  const order = ORDERS.find((known) => known === text);
  if (order !== undefined) return order;
  const meant = nearest(text, ORDERS);
  const hint =
    meant === undefined
      ? `use ${SOCKET_ORDERS.join(', ')}; for groups count or a key of --by`
      : `did you mean ${meant}?`;
  throw new Failure('usage', `unknown order "${text}"; ${hint}`);
}
