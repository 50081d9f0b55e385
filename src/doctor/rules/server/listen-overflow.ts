import { plural } from '../../../base/plural.ts';
import type { Evidence, Fix } from '../../../model/finding/finding.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import { type Obstacle, obstacleOf, unacceptedIn } from '../../listeners/acceptance.ts';
import { backlogFix, ROOMY, somaxconnFixes } from '../../listeners/backlog-fixes.ts';
import {
  isFull,
  type Listener,
  overflowsOf,
  peakOf,
  type QueueSnapshot,
  tcpListeners,
} from '../../listeners/listeners.ts';
import { perNamespace } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { dumpsOf, numberOf, riseOf } from '../../snapshots/snapshots.ts';
import { duration } from '../../texts.ts';

const settings = {
  warning: { default: 0.7, unit: 'share', text: 'of the accept queue in use' },
  looks: { default: 2, unit: 'count', text: 'snapshots that must have seen it that full' },
} as const;

type Values = SettingValues<typeof settings>;

/** Connections come in faster than the application accepts them. */
export const listenOverflow = rule({
  name: 'LISTEN_OVERFLOW',
  title: 'An accept queue that is nearly full or overflows',
  settings,
  judge: perNamespace(ofNamespace),
});

function ofNamespace(netns: NetnsSeries, { series }: RuleInput, values: Values): Fault[] {
  const listeners = tcpListeners(dumpsOf(netns));
  const overflows = riseOf(netns, 'TcpExtListenOverflows')?.rise;
  const own = new Map(listeners.map((listener) => [listener, overflowsOf(listener, overflows)]));
  const named = listeners.filter(
    (listener) => (own.get(listener) ?? 0) > 0 || listener.snapshots.some(isFull) || isNear(listener, values),
  );
  const isAttributed = named.some((listener) => (own.get(listener) ?? 0) > 0);
  // Without the listeners' own counters: the one that was seen full has dropped them.
  const full = named.filter((listener) => listener.snapshots.some(isFull));
  const isGuess = !isAttributed && full.length === 1 && own.get(full[0] as Listener) === undefined;
  const faults = named.map((listener) => {
    const dropped = isGuess && listener === full[0] ? overflows : own.get(listener);
    return ofListener(series, netns, listener, dropped ?? 0, isGuess ? 'TcpExtListenOverflows' : DROPS);
  });
  if ((overflows ?? 0) > 0 && !isAttributed && !isGuess) {
    // A counter that stands still rules its listener out, unless drops and dumps overlap at the start of the series.
    const possible = listeners.filter(({ dropped, droppedInAll }) => dropped === undefined || (droppedInAll ?? 0) > 0);
    faults.push(ofOneOf(netns, possible, overflows ?? 0));
  }
  return faults;
}

function isNear({ snapshots }: Listener, values: Values): boolean {
  const near = (snapshot: QueueSnapshot) =>
    snapshot.limit !== undefined && snapshot.waiting > 0 && snapshot.waiting >= snapshot.limit * values.warning;
  return snapshots.filter(near).length >= values.looks;
}

/** @param source of the number of dropped attempts */
function ofListener(series: Series, netns: NetnsSeries, listener: Listener, dropped: number, source: string): Fault {
  const { socket, last, snapshots } = listener;
  const { localPort: port } = socket;
  const peak = peakOf(listener);
  const obstacle = obstacleOf(netns, listener);
  const over = dropped > 0 || snapshots.some(isFull);
  const somaxconn = numberOf(netns, 'net.core.somaxconn');
  // A longer queue that the application asks for is cut to this.
  const bounded = somaxconn !== undefined && somaxconn < Math.max(ROOMY, (peak.limit ?? 0) + 1);
  const allowed = peak.limit === undefined ? '' : ` (limit ${peak.limit})`;
  return {
    severity: obstacle?.kind === 'descriptors' ? 'info' : over ? 'critical' : 'warning',
    confidence: 'high',
    holder: socket,
    summary: `${plural(peak.waiting, 'connection')} ${peak.waiting === 1 ? 'waits' : 'wait'} in the accept queue of port ${port}${allowed}${
      dropped > 0 ? `, and attempts to connect were dropped ${plural(dropped, 'time')}` : ''
    }${obstacle === undefined ? '' : becauseOf(obstacle)}`,
    evidence: [
      // First, because a short report has only the first ones.
      ...(dropped > 0 ? [drops(dropped, source)] : []),
      { what: `accept queue of port ${port}, last snapshot`, value: last.waiting, source: QUEUE },
      { what: 'accept queue, maximum over the snapshots', value: peak.waiting, source: QUEUE },
      ...(peak.limit === undefined ? [] : [{ what: 'limit of the accept queue', value: peak.limit, source: QUEUE }]),
      ...acceptWait(netns, port),
      {
        what: 'established connections that are not accepted yet',
        value: unacceptedIn(peak.dump, socket).length,
        source: 'sock_diag',
      },
      {
        what: 'clients in the same namespace still in SYN_SENT',
        value: countOf(peak, (other) => other.state === TCP_STATE.SYN_SENT && other.peerPort === port),
        source: 'sock_diag',
      },
      ...(obstacle === undefined ? [] : [evidenceOf(obstacle)]),
    ],
    // A longer backlog would only fill up later.
    fixes:
      obstacle === undefined
        ? [
            { where: 'the application', text: 'accept faster: more workers, and nothing blocking in the accept loop' },
            backlogFix(series, socket),
            ...(bounded ? somaxconnFixes(netns.namespace, somaxconn) : []),
          ]
        : [FIXES[obstacle.kind]],
    byHand: (target) => `socklens ls ${target} 'state listening and sport = ${port}'`,
    about: `port ${port}`,
  };
}

function becauseOf(obstacle: Obstacle): string {
  return obstacle.kind === 'descriptors'
    ? ', because its process has no descriptor left to accept them'
    : `: its process has accepted none for ${duration(obstacle.forMs)}`;
}

function evidenceOf(obstacle: Obstacle): Evidence {
  return obstacle.kind === 'descriptors'
    ? {
        what: 'descriptors of the process',
        value: `${obstacle.used} of ${obstacle.limit}`,
        source: '/proc/PID/limits',
      }
    : { what: 'the same connections waited all the time, for', value: obstacle.forMs, unit: 'ms', source: 'sock_diag' };
}

const FIXES: Readonly<Record<Obstacle['kind'], Fix>> = {
  descriptors: { where: 'the application', text: 'free descriptors first: a longer backlog would only fill up later' },
  stuck: {
    where: 'the application',
    text: 'find what its process waits for (a blocked event loop, workers that all wait for something else, its own limit of connections, a stopped process): a longer backlog would only fill up later',
  },
};

/** How long connections were in the queue; empty where the kernel does not let that be seen. */
function acceptWait({ samples }: NetnsSeries, port: number): Evidence[] {
  const waits = samples.flatMap(({ closed }) =>
    (closed ?? []).flatMap(({ localPort, acceptWaitUs }) =>
      localPort === port && acceptWaitUs !== undefined ? [acceptWaitUs] : [],
    ),
  );
  if (waits.length === 0) return [];
  const longestMs = Math.max(...waits) / 1000;
  return [{ what: 'longest wait in the accept queue', value: longestMs, unit: 'ms', source: 'inet_csk_accept' }];
}

/** The drops are certain, whose they are is not. */
function ofOneOf(netns: NetnsSeries, listeners: readonly Listener[], dropped: number): Fault {
  const ports = [...new Set(listeners.map(({ socket }) => socket.localPort))].sort((a, b) => a - b);
  const [only, ...others] = ports;
  const isCertain = only !== undefined && others.length === 0;
  const which = isCertain
    ? `port ${only}`
    : ports.length === 0
      ? 'a listener that has been closed'
      : `one of the ports ${ports.join(', ')}`;
  return {
    severity: 'critical',
    confidence: isCertain ? 'high' : 'medium',
    summary: `attempts to connect to ${which} were dropped ${plural(dropped, 'time')}, because an accept queue was full`,
    evidence: [
      drops(dropped, 'TcpExtListenOverflows'),
      { what: 'listeners with a long accept queue in a snapshot', value: 0, source: QUEUE },
    ],
    fixes: [
      {
        where: 'the application',
        text: 'bursts between two snapshots fill the accept queue: ask for a longer backlog',
      },
      ...somaxconnFixes(netns.namespace, numberOf(netns, 'net.core.somaxconn')),
    ],
    byHand: (target) => `socklens ls ${target} 'state listening'`,
    ...(isCertain && { about: `port ${only}` }),
  };
}

const QUEUE = 'sock_diag, queues of the listener';
const DROPS = 'sock_diag, drops of the listener';

function drops(value: number, source: string): Evidence {
  return {
    what: 'connection attempts dropped at a full accept queue, retries included',
    value,
    source,
  };
}

function countOf(
  { dump }: QueueSnapshot,
  wanted: (socket: QueueSnapshot['dump']['sockets'][number]) => boolean,
): number {
  return dump.sockets.filter(wanted).length;
}
