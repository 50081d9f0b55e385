import { idleMs, knownAgeMs, roundTripUs } from '../model/socket/connection-times.ts';
import type { SocketView } from '../model/socket/socket-view.ts';
import { stateMask, TCP_STATE } from '../model/socket/tcp-state.ts';
import { unixPath } from '../model/socket/unix-path.ts';
import type { Condition, ConditionTree } from './condition.ts';
import { globMatcher } from './glob.ts';
import { type Prefix, prefixMatches, type WordAt } from './prefix.ts';
import type { Comparison, Measure, Side } from './syntax.ts';

/** What a filter may ask about a socket that the socket itself does not tell. */
export interface Surroundings {
  /** Processes that hold it. Needed by `process`. */
  processesOf?: (socket: SocketView) => readonly { pid: number; name: string }[];
  /** Whether it belongs to the container or service of this name. Needed by `container`. */
  isOf?: (socket: SocketView, container: string) => boolean;
  roleOf?: (socket: SocketView) => string;
  /** Whether somebody listens on its local port. Needed by `unaccepted`. */
  isListenedOn?: (socket: SocketView) => boolean;
  /** Whether the kernel chose its local port. Needed by `autobound`. */
  isAutobound?: (socket: SocketView) => boolean;
  /** Microseconds since it was first seen, where that is known better than from the socket itself. */
  ageUsOf?: (socket: SocketView) => number | undefined;
}

export type Test = (socket: SocketView) => boolean;

/** States of a socket whose process has closed it while the peer has not. */
const ORPHAN_STATES = stateMask(TCP_STATE.FIN_WAIT1, TCP_STATE.FIN_WAIT2, TCP_STATE.LAST_ACK, TCP_STATE.CLOSING);
/** States of a connection that can wait in an accept queue. */
const WAITING_STATES = stateMask(TCP_STATE.ESTABLISHED, TCP_STATE.CLOSE_WAIT);
/** States in which the keepalive timer, or its absence, tells of SO_KEEPALIVE. */
const KEEPALIVE_STATES = stateMask(TCP_STATE.ESTABLISHED, TCP_STATE.CLOSE_WAIT);

const TIMERS = { off: 0, on: 1, keepalive: 2, timewait: 3, probe: 4, delack: 5 } as const;
const KEEPALIVE_TIMER = TIMERS.keepalive;
const TIME_WAIT_TIMER = TIMERS.timewait;

/**
 * Makes the test of a filter. What does not apply to a socket, or is not known of it (the port of a
 * UNIX socket, the round-trip time of a listener), is false, and its opposite true. A filter on what the
 * source knows of no socket is refused before: see `checkKnown`.
 */
export function compileTest(tree: ConditionTree, around: Surroundings): Test {
  switch (tree.kind) {
    case 'atom':
      return testOf(tree.atom, around);
    case 'not': {
      const test = compileTest(tree.node, around);
      return (socket) => !test(socket);
    }
    default: {
      const tests = tree.nodes.map((node) => compileTest(node, around));
      return tree.kind === 'and'
        ? (socket) => tests.every((test) => test(socket))
        : (socket) => tests.some((test) => test(socket));
    }
  }
}

function testOf(condition: Condition, around: Surroundings): Test {
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
        if (socket.proto === 'unix') return false;
        const port = side === 'local' ? socket.localPort : socket.peerPort;
        return ranges.some(({ first, last }) => port >= first && port <= last);
      };
    }
    case 'device':
      return (socket) => socket.proto !== 'unix' && socket.interfaceIndex === condition.index;
    case 'mark':
      return (socket) => {
        const mark = socket.mark();
        return mark !== undefined && (mark & condition.mask) >>> 0 === condition.mark;
      };
    case 'cgroup':
      return (socket) => socket.cgroupId() === condition.id;
    case 'autobound':
      return (socket) => around.isAutobound?.(socket) ?? false;
    case 'container':
      return (socket) => around.isOf?.(socket, condition.name) ?? false;
    case 'process':
      return processTest(condition.process, around);
    case 'uid':
      return (socket) => {
        const { uid } = socket;
        return uid !== undefined && !isMini(socket) && compare(condition.op, uid, condition.uid);
      };
    case 'role':
      return (socket) => around.roleOf?.(socket) === condition.role;
    case 'measure': {
      const { measure, op, value } = condition;
      return (socket) => {
        const measured = measureOf(socket, measure, around);
        return measured !== undefined && compare(op, measured, value);
      };
    }
    case 'timer':
      return (socket) => isTcp(socket) && socket.timer === TIMERS[condition.timer];
    case 'keepalive':
      // With data in flight another timer runs, and nothing can be said.
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
        (around.isListenedOn?.(socket) ?? false);
    case 'path': {
      const matches = globMatcher(condition.glob);
      return (socket) => {
        const path = unixPath(socket);
        return path !== undefined && matches(path);
      };
    }
  }
}

/** The state number to ask for, to get this socket: a TCP socket that is only bound is answered as CLOSE. */
function askedState(socket: SocketView): number {
  return socket.state === TCP_STATE.CLOSE && isTcp(socket) ? TCP_STATE.BOUND_INACTIVE : socket.state;
}

function isTcp(socket: SocketView): boolean {
  return socket.proto === 'tcp';
}

/** Entries that are no full sockets: they have no owner, and say user 0. */
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
    if (family === 'unix') return false;
    socket = candidate;
    return prefixes.some((prefix) => prefixMatches(prefix, family, word));
  };
}

function processTest(wanted: number | string, around: Surroundings): Test {
  const matches = typeof wanted === 'string' ? globMatcher(wanted) : undefined;
  return (socket) => {
    if (socket.inode === 0) return false;
    const processes = around.processesOf?.(socket) ?? [];
    return processes.some(({ pid, name }) => (matches === undefined ? pid === wanted : matches(name)));
  };
}

function measureOf(socket: SocketView, measure: Measure, around: Surroundings): number | undefined {
  if (measure === 'receive-queue') return socket.receiveQueue;
  if (measure === 'send-queue') return socket.sendQueue;
  switch (measure) {
    case 'age':
      return around.ageUsOf?.(socket) ?? inMicroseconds(knownAgeMs(socket));
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
