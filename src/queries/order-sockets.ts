import type { AttributedBy } from '../model/netns/attribution.ts';
import type { ListOrder, SocketOrder } from '../model/report/socket-order.ts';
import { isMapped } from '../model/socket/address.ts';
import { idleMs, knownAgeMs, roundTripUs } from '../model/socket/connection-times.ts';
import type { RowContext } from '../model/socket/make-socket-row.ts';
import { copySocket } from '../model/socket/socket-copy.ts';
import type { SocketSource, SocketView } from '../model/socket/socket-view.ts';
import { STATE_DISPLAY_ORDER, stateName } from '../model/socket/tcp-state.ts';
import { unixPath } from '../model/socket/unix-path.ts';
import type { Sockets } from './list-sockets.ts';

/** The value of a socket by which it is sorted; undefined where it has none: such a socket comes last. */
type Value = number | string | undefined;

/** Keys whose largest value comes first, as in top; the others begin with the smallest. */
const LARGEST_FIRST: readonly SocketOrder[] = ['recv-q', 'send-q', 'idle', 'age', 'rtt', 'retrans'];

/**
 * Sorts and cuts the sockets of a report. Sockets with the same value are in the order of
 * their addresses, so that live and recorded agree. Only those that are
 * shown are copied. `total` of the result counts all of them.
 */
export function orderSockets(report: Sockets, order: ListOrder): Sockets {
  const { key, limit } = order;
  if (key === undefined && limit === undefined) return report;
  const values: Value[] = [];
  const ties: string[] = [];
  report.sockets.each((socket) => {
    values.push(key === undefined ? undefined : keyValue(socket, key, report.context));
    ties.push(key === undefined ? '' : tieText(socket));
  });
  const indexes = values.map((_, index) => index);
  if (key !== undefined) {
    const sign = LARGEST_FIRST.includes(key) === order.isReversed ? 1 : -1;
    indexes.sort((a, b) => compared(values[a], values[b], sign) || compared(ties[a], ties[b], 1));
    if (values.length > 0 && values.every((value) => value === undefined)) {
      report.coverage.notes.push(`--sort ${key}: no socket has a value here; the order is that of the kernel`);
    }
  }
  return { ...report, ...chosen(report, indexes.slice(0, limit)), total: values.length };
}

/** The sockets with these indexes in the source, in this order, with their containers. */
function chosen({ sockets, context }: Sockets, indexes: readonly number[]): Pick<Sockets, 'sockets' | 'context'> {
  const { containerOf, attributionOf } = context;
  // A recorded socket has its container with it, which a copy has not.
  const containers = new Map<SocketView, string | undefined>();
  const attributions = new Map<SocketView, AttributedBy | undefined>();
  const ranks = new Map(indexes.map((index, rank) => [index, rank]));
  const copies: SocketView[] = new Array(indexes.length);
  let index = 0;
  sockets.each((socket) => {
    const rank = ranks.get(index++);
    if (rank === undefined) return;
    const copy = copySocket(socket);
    copies[rank] = copy;
    if (containerOf !== undefined) containers.set(copy, containerOf(socket));
    if (attributionOf !== undefined) attributions.set(copy, attributionOf(socket));
  });
  const source: SocketSource = {
    each(visit) {
      for (const socket of copies) visit(socket);
    },
  };
  return {
    sockets: source,
    context: {
      ...context,
      ...(containerOf !== undefined && { containerOf: (socket: SocketView) => containers.get(socket) }),
      ...(attributionOf !== undefined && { attributionOf: (socket: SocketView) => attributions.get(socket) }),
    },
  };
}

/** @param sign 1 for the smallest first, -1 for the largest */
function compared(a: Value, b: Value, sign: 1 | -1): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return a === b ? 0 : a < b ? -sign : sign;
}

function keyValue(socket: SocketView, key: SocketOrder, { processesOf, containerOf }: RowContext): Value {
  switch (key) {
    case 'recv-q':
      return socket.receiveQueue;
    case 'send-q':
      return socket.sendQueue;
    case 'state':
      return (STATE_DISPLAY_ORDER as readonly string[]).indexOf(stateName(socket.state));
    case 'proto':
      return socket.proto;
    case 'local':
      return endpointValue(socket, 'local');
    case 'peer':
      return endpointValue(socket, 'peer');
    case 'local-port':
      return socket.proto === 'unix' ? undefined : socket.localPort;
    case 'peer-port':
      return socket.peerPort === 0 ? undefined : socket.peerPort;
    case 'process':
      return processesOf?.(socket.inode)[0]?.name;
    case 'container':
      return containerOf?.(socket);
    case 'idle':
      return idleMs(socket);
    case 'age':
      return knownAgeMs(socket);
    case 'rtt':
      return roundTripUs(socket);
    case 'retrans':
      return socket.tcpInfoNumber('totalRetrans');
  }
}

/** Orders sockets with equal values. */
function tieText(socket: SocketView): string {
  const endpoints = [endpointValue(socket, 'local') ?? '', endpointValue(socket, 'peer') ?? ''];
  return [...endpoints, socket.proto, socket.inode.toString(16).padStart(8, '0')].join(' ');
}

/** Address and port as a text whose order is that of their numbers; an IPv4-mapped address is the IPv4 address. */
function endpointValue(socket: SocketView, side: 'local' | 'peer'): Value {
  if (socket.proto === 'unix') return side === 'local' ? unixPath(socket) : undefined;
  const word = (index: 0 | 1 | 2 | 3) => (side === 'local' ? socket.localWord(index) : socket.peerWord(index));
  const port = side === 'local' ? socket.localPort : socket.peerPort;
  if (side === 'peer' && port === 0) return undefined;
  const words = [word(0), word(1), word(2), word(3)] as const;
  const isIpv6 = socket.family === 'inet6' && !isMapped(words[0], words[1], words[2]);
  const numbers = isIpv6 ? words : [socket.family === 'inet6' ? words[3] : words[0]];
  return `${isIpv6 ? 6 : 4}${[...numbers, port].map((number) => number.toString(16).padStart(8, '0')).join('')}`;
}
