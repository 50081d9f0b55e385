import { plural } from '../../../base/plural.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import type { StackFacts } from '../../../model/stack/stack-facts.ts';
import { unansweredFixes } from '../../fixes/unanswered-fixes.ts';
import { listenersAt } from '../../peers/listeners-at.ts';
import { serverOf } from '../../peers/server-of.ts';
import { askedMs, type Unanswered, unansweredIn } from '../../peers/unanswered.ts';
import { perNamespace } from '../../per-scope.ts';
import { heldPools, sessionsAt } from '../../pools/held-pools.ts';
import { databaseAt } from '../../pools/servers.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { endpointText } from '../../scopes.ts';
import { lastDump } from '../../snapshots/snapshots.ts';
import { covers } from '../../snapshots/windows.ts';
import { stackOf } from '../../stacks/stack-of.ts';
import { duration } from '../../texts.ts';

const settings = {
  windowMs: { default: 8_000, unit: 'ms', text: 'how long the server has sent nothing, and a request has waited' },
  waiting: { default: 3, unit: 'count', text: 'requests that have waited for so long, with one of' },
  arrived: { default: 5, unit: 'count', text: 'requests that came after those, in the run, or' },
  givenUp: { default: 3, unit: 'count', text: 'requests that were given up in the run, or' },
  inside: { default: 3, unit: 'count', text: 'more requests that wait inside than were passed on, or' },
  longMs: { default: 35_000, unit: 'ms', text: 'how long they have waited, without a byte on the connection' },
  critical: { default: 20, unit: 'count', text: 'requests that wait, passed on or inside' },
} as const;

type Values = SettingValues<typeof settings>;

/** A server that takes requests and answers none of them, as the program sees it that waits for it. */
export const requestsUnanswered = rule({
  name: 'REQUESTS_UNANSWERED',
  title: 'A server that takes requests and answers none of them: who called it waits',
  settings,
  needsMs: ({ windowMs }) => windowMs,
  needsSnapshots: () => 2,
  judge: perNamespace(ofNamespace),
});

function ofNamespace(netns: NetnsSeries, input: RuleInput, values: Values): Fault[] {
  return unansweredIn(input.series, netns).flatMap((found): Fault[] => {
    if (!isWaited(found, values) || waitsItself(input.series, netns, found, values)) return [];
    const isSure = isCertain(found, values);
    // Of a connection that had answers before, the last word of a client need not be a request: streams, subscriptions.
    if (!isSure && found.unheard < found.asking.length) return [];
    return [ofServer(netns, input, found, isSure, values)];
  });
}

/** Whether enough requests have waited for long enough, or were given up before. */
function isWaited({ asking, givenUp, spanMs }: Unanswered, values: Values): boolean {
  const { windowMs, waiting } = values;
  const long = givenUp >= values.givenUp ? asking : asking.filter((socket) => covers(askedMs(socket), windowMs));
  return covers(spanMs, windowMs) && long.length >= waiting;
}

/** Whether the server waits for another one in turn, or for its own pool: that is the cause. */
function waitsItself(series: Series, netns: NetnsSeries, { peer, port }: Unanswered, values: Values): boolean {
  return listenersAt(series, netns, peer, port).some(({ netns: home, socket }) => {
    const own = new Set(socket.holders.map(({ pid }) => pid));
    return (
      unansweredIn(series, home).some(
        (other) => isWaited(other, values) && [...other.pids].some((pid) => own.has(pid)),
      ) || heldPools(series, home, values.windowMs / 2).some(({ process }) => own.has(process.pid))
    );
  });
}

/**
 * Whether it cannot be a server that means to answer late (long polls): requests came all the time and none was
 * answered, callers gave up, more wait inside than were passed on, or they have waited for very long.
 */
function isCertain({ asking, unheard, arrived, givenUp, inside, pids }: Unanswered, values: Values): boolean {
  const [oldest] = asking;
  return (
    arrived >= values.arrived ||
    givenUp >= values.givenUp ||
    (pids.size > 0 && inside - asking.length >= values.inside) ||
    (unheard === asking.length && oldest !== undefined && askedMs(oldest) >= values.longMs)
  );
}

function ofServer(
  netns: NetnsSeries,
  { series }: RuleInput,
  found: Unanswered,
  isSure: boolean,
  values: Values,
): Fault {
  const { member, peer, port, asking, arrived, givenUp, inside, spanMs } = found;
  const { process } = member;
  const text = endpointText(series.names, member.peer, port);
  const oldestMs = Math.max(...asking.map(askedMs));
  const forMs = givenUp === 0 ? oldestMs : Math.max(oldestMs, spanMs);
  const waiting = Math.max(asking.length, inside);
  const listener = listenersAt(series, netns, peer, port).find(({ socket }) => socket.process !== undefined);
  const locked = sessionsAt(series, netns, found)?.waitingForLock ?? 0;
  return {
    severity: !isSure ? 'info' : waiting >= values.critical ? 'critical' : 'warning',
    confidence: isSure ? 'high' : 'low',
    holder: member,
    summary: `${text} has answered none of ${plural(asking.length, 'request')} of ${process?.name ?? 'a program'} for up to ${duration(oldestMs)}${givenUp === 0 ? '' : `, and none of ${givenUp} that were given up in ${duration(spanMs)}`}${
      isSure
        ? inside > asking.length
          ? `; ${inside} requests of its own clients wait behind them`
          : ''
        : ': they hang, or the server means to answer late (long polls)'
    }${locked === 0 ? '' : `; ${plural(locked, 'session')} of that database ${locked === 1 ? 'waits' : 'wait'} for a lock`}`,
    evidence: [
      { what: `requests to ${text} that were delivered and have no answer`, value: asking.length, source: 'tcp_info' },
      { what: 'the oldest of them waits for', value: oldestMs, unit: 'ms', source: 'tcp_info, last data sent' },
      ...(inside === 0
        ? []
        : [{ what: 'requests of its own clients that wait for 5 s or longer', value: inside, source: 'tcp_info' }]),
      { what: 'requests without an answer that were sent in the run', value: arrived, source: 'tcp_info' },
      ...(givenUp === 0
        ? []
        : [{ what: 'given up in the run, without a byte of the server', value: givenUp, source: 'destroy events' }]),
      { what: 'answers of that server in the run', value: 0, source: 'tcp_info, destroy events' },
      { what: 'length of the run', value: spanMs, unit: 'ms', source: 'sock_diag' },
    ],
    fixes: unansweredFixes({
      text,
      caller: stackOf(series, process),
      program: process?.name,
      server: serverProgram(series, listener?.socket.process),
      database: databaseAt(series, netns, peer, port)?.name,
      isLocked: locked > 0,
    }),
    byHand: (target) => `socklens ls ${target} -t -i 'dport = ${port} and state established'`,
    sinceMs: (lastDump(netns)?.atMs ?? 0) - forMs,
    about: `peer ${text}`,
    ...serverOf(series, netns, peer, port),
  };
}

function serverProgram(series: Series, process: { pid: number; name: string } | undefined) {
  if (process === undefined) return undefined;
  const facts: StackFacts | undefined = stackOf(series, process);
  return { name: process.name, pid: process.pid, stopped: facts?.stopped };
}
