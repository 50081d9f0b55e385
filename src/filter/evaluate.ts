import { globMatcher } from '../base/glob.ts';
import { idleMs, knownAgeMs, roundTripUs } from '../model/socket/connection-times.ts';
import { type Family, isInet, type SocketView } from '../model/socket/socket-view.ts';
import { stateMask, TCP_STATE } from '../model/socket/tcp-state.ts';
import { unixPath } from '../model/socket/unix-path.ts';
import type { Condition, ConditionTree } from './condition.ts';
import { type Prefix, prefixMatches, type WordAt } from './prefix.ts';
import type { Comparison, Measure, Side } from './syntax.ts';

/** Lookups for the facts about a socket that are not in the socket itself. */
export interface SocketLookups {
  /** Processes that hold a socket. Needed by `process`. */
  processesOf?: (socket: SocketView) => readonly { pid: number; name: string }[];
  /** Whether a socket belongs to the container or service of this name. Needed by `container`. */
  belongsTo?: (socket: SocketView, container: string) => boolean;
  /** `server`, `client` or `none`. Needed by `role`. */
  roleOf?: (socket: SocketView) => string;
  /** Whether the local address and port of a socket have a listener. Needed by `unaccepted`. */
  isListenedOn?: (socket: SocketView) => boolean;
  /** Whether the kernel assigned the local port of a socket. Needed by `autobound`. */
  isAutobound?: (socket: SocketView) => boolean;
  /** Age of a socket in microseconds from earlier snapshots; undefined to use the bound from the socket itself. */
  ageUsOf?: (socket: SocketView) => number | undefined;
}

/** Whether a socket matches a filter. */
export type Test = (socket: SocketView) => boolean;

/** States of a socket that its process has closed and the peer has not. */
const ORPHAN_STATES = stateMask(TCP_STATE.FIN_WAIT1, TCP_STATE.FIN_WAIT2, TCP_STATE.LAST_ACK, TCP_STATE.CLOSING);
/** States of a connection that can wait in an accept queue. */
const WAITING_STATES = stateMask(TCP_STATE.ESTABLISHED, TCP_STATE.CLOSE_WAIT);
/** States in which the keepalive timer, or its absence, shows whether SO_KEEPALIVE is set. */
const KEEPALIVE_STATES = stateMask(TCP_STATE.ESTABLISHED, TCP_STATE.CLOSE_WAIT);

const TIMERS = { off: 0, on: 1, keepalive: 2, timewait: 3, probe: 4, delack: 5 } as const;
const KEEPALIVE_TIMER = TIMERS.keepalive;
const TIME_WAIT_TIMER = TIMERS.timewait;

/**
 * Compiles a filter into a test. A condition on a value that does not apply to a socket or is unknown for it (the
 * port of a UNIX socket, the round-trip time of a listener) is false, and its negation true. A filter on a field that
 * the source does not know for any socket is refused before, by `checkKnown`.
 */
export function compileTest(tree: ConditionTree, lookups: SocketLookups): Test {
  switch (tree.kind) {
    case 'atom':
      return testOf(tree.atom, lookups);
    case 'not': {
      const test = compileTest(tree.node, lookups);
      return (socket) => !test(socket);
    }
    default: {
      const tests = tree.nodes.map((node) => compileTest(node, lookups));
      return tree.kind === 'and'
        ? (socket) => tests.every((test) => test(socket))
        : (socket) => tests.some((test) => test(socket));
    }
  }
}

function testOf(condition: Condition, lookups: SocketLookups): Test {
  switch (condition.kind) {
    case 'states':
      return (socket) => (condition.mask & (1 << askedState(socket))) !== 0;
    case 'family':
      return (socket) => socket.family === condition.family;
    case 'address':
      return addressTest(condition.side, condition.prefixes);
    case 'ports': {
      const { side, ranges } = condition;
      return (socket) => {
        if (!isInet(socket.family)) return false;
        const port = side === 'local' ? socket.localPort : socket.peerPort;
        return ranges.some(({ first, last }) => port >= first && port <= last);
      };
    }
    case 'device':
      return (socket) => hasDevice(socket.family) && socket.interfaceIndex === condition.index;
    case 'mark':
      return (socket) => {
        const mark = socket.mark();
        return mark !== undefined && (mark & condition.mask) >>> 0 === condition.mark;
      };
    case 'cgroup':
      return (socket) => socket.cgroupId() === condition.id;
    case 'autobound':
      return (socket) => lookups.isAutobound?.(socket) ?? false;
    case 'container':
      return (socket) => lookups.belongsTo?.(socket, condition.name) ?? false;
    case 'process':
      return processTest(condition.process, lookups);
    case 'uid':
      return (socket) => {
        const { uid } = socket;
        return uid !== undefined && !isMini(socket) && compare(condition.op, uid, condition.uid);
      };
    case 'role':
      return (socket) => lookups.roleOf?.(socket) === condition.role;
    case 'measure': {
      const { measure, op, value } = condition;
      return (socket) => {
        const measured = measureOf(socket, measure, lookups);
        return measured !== undefined && compare(op, measured, value);
      };
    }
    case 'timer':
      return (socket) => isTcp(socket) && socket.timer === TIMERS[condition.timer];
    case 'keepalive':
      // With data in flight another timer runs: both `on` and `off` are false then.
      return (socket) =>
        isTcp(socket) &&
        (KEEPALIVE_STATES & (1 << socket.state)) !== 0 &&
        socket.timer === (condition.on ? KEEPALIVE_TIMER : 0);
    case 'orphan':
      return (socket) => isTcp(socket) && socket.inode === 0 && (ORPHAN_STATES & (1 << socket.state)) !== 0;
    case 'unaccepted':
      return (socket) =>
        isTcp(socket) &&
        socket.inode === 0 &&
        (WAITING_STATES & (1 << socket.state)) !== 0 &&
        (lookups.isListenedOn?.(socket) ?? false);
    case 'path': {
      const matches = globMatcher(condition.glob);
      return (socket) => {
        const path = unixPath(socket);
        return path !== undefined && matches(path);
      };
    }
  }
}

/** The state number that requests this socket from the kernel: answers have CLOSE for a bound TCP socket. */
function askedState(socket: SocketView): number {
  return socket.state === TCP_STATE.CLOSE && isTcp(socket) ? TCP_STATE.BOUND_INACTIVE : socket.state;
}

function hasDevice(family: Family): boolean {
  return isInet(family) || family === 'packet';
}

function isTcp(socket: SocketView): boolean {
  return socket.proto === 'tcp';
}

/** Whether an entry is not a full socket: it has no owner, and its uid is 0. */
function isMini(socket: SocketView): boolean {
  return socket.timer === TIME_WAIT_TIMER || socket.state === TCP_STATE.SYN_RECV;
}

function addressTest(side: Side, prefixes: readonly Prefix[]): Test {
  let socket: SocketView;
  const local: WordAt = (index) => socket.localWord(index);
  const peer: WordAt = (index) => socket.peerWord(index);
  const word = side === 'local' ? local : peer;
  return (candidate) => {
    const { family } = candidate;
    if (!isInet(family)) return false;
    socket = candidate;
    return prefixes.some((prefix) => prefixMatches(prefix, family, word));
  };
}

function processTest(wanted: number | string, lookups: SocketLookups): Test {
  const matches = typeof wanted === 'string' ? globMatcher(wanted) : undefined;
  return (socket) => {
    if (socket.inode === 0) return false;
    const processes = lookups.processesOf?.(socket) ?? [];
    return processes.some(({ pid, name }) => (matches === undefined ? pid === wanted : matches(name)));
  };
}

function measureOf(socket: SocketView, measure: Measure, lookups: SocketLookups): number | undefined {
  if (measure === 'receive-queue') return socket.receiveQueue;
  if (measure === 'send-queue') return socket.sendQueue;
  switch (measure) {
    case 'age':
      return lookups.ageUsOf?.(socket) ?? inMicroseconds(knownAgeMs(socket));
    case 'idle':
      return inMicroseconds(idleMs(socket));
    case 'rtt':
      return roundTripUs(socket);
    case 'retrans':
      return socket.tcpInfoNumber('totalRetrans');
  }
}

function inMicroseconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms * 1000;
}

function compare(op: Comparison, value: number, limit: number): boolean {
  switch (op) {
    case '=':
      return value === limit;
    case '!=':
      return value !== limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
  }
}
