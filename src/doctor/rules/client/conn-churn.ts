import { grouped } from '../../../base/lists.ts';
import type { Fix } from '../../../model/finding/finding.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import { isFailure } from '../../../model/socket/connection-event.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import { clientsIn } from '../../clients/clients.ts';
import {
  type ClosedAt,
  closedClients,
  eventsLost,
  hasEvents,
  mainHolder,
  partsOf,
  perSecond,
  sumOf,
} from '../../clients/closed-connections.ts';
import { perNamespace } from '../../per-scope.ts';
import { establishedIn, filterOf, poolsOf } from '../../pools/pools.ts';
import { type Fault, type RuleInput, rule, type SettingValues, type SocketHolder } from '../../rule.ts';
import { endpointText } from '../../scopes.ts';
import { lastDump } from '../../snapshots/snapshots.ts';

const settings = {
  windowMs: { default: 60_000, unit: 'ms', text: 'how long it must last' },
  parts: { default: 6, unit: 'count', text: 'parts of that time that must each show it' },
  warning: { default: 10, unit: 'per-second', text: 'connections opened to one endpoint' },
  critical: { default: 100, unit: 'per-second', text: 'connections opened to one endpoint' },
  perEstablished: { default: 1, unit: 'per-second', text: 'opened for each one that is established' },
  timeWaitMs: { default: 60_000, unit: 'ms', text: 'how long the kernel keeps TIME_WAIT (without events)' },
} as const;

type Values = SettingValues<typeof settings>;

/** Tools that open connections because that is what they measure. */
const LOAD_GENERATORS =
  /^(ab|wrk2?|hey|k6|vegeta|siege|bombardier|oha|h2load|fortio|sysbench|pgbench|mysqlslap|locust)$/;

/** Connections that are opened for each request instead of being reused. */
export const connChurn = rule({
  name: 'CONN_CHURN',
  title: 'Connections to one endpoint are opened and closed all the time',
  settings,
  needsMs: ({ windowMs }) => windowMs,
  judge: perNamespace(ofNamespace),
});

/** How fast connections to one endpoint are opened. */
interface Churn {
  peer: string;
  port: number;
  /** Over the whole window, and in the slowest part of it. */
  opened: number;
  slowest: number;
  established: number;
  shortLived?: number;
  holder: SocketHolder;
  source: string;
  sure: boolean;
}

function ofNamespace(netns: NetnsSeries, { series }: RuleInput, values: Values): Fault[] {
  const churns = hasEvents(netns) ? churnByEvents(netns, values) : churnByTimeWait(netns, values);
  return churns.flatMap((churn) => {
    const { peer, port, opened, slowest, established, shortLived, holder, source, sure } = churn;
    const name = holder.process?.name;
    if (name !== undefined && LOAD_GENERATORS.test(name)) return [];
    if (slowest <= values.warning || slowest <= values.perEstablished * established) return [];
    const text = endpointText(series.names, { plain: peer }, port);
    const rate = perSecond(opened, values.windowMs);
    return {
      severity: slowest > values.critical ? 'critical' : 'warning',
      confidence: sure ? 'high' : 'low',
      holder: holder,
      summary: `${rate} connections a second are opened to ${text}, with ${established} established: connections are not reused`,
      evidence: [
        { what: `opened to ${text}`, value: rate, unit: 'per second', source },
        { what: 'in the slowest part of that time', value: Math.round(slowest * 10) / 10, unit: 'per second', source },
        { what: 'established, mean of the snapshots', value: established, source: 'sock_diag' },
        ...(shortLived === undefined
          ? []
          : [{ what: 'of the closed ones, open for less than a second', value: shortLived, source: 'destroy events' }]),
        ...(eventsLost(netns) === 0
          ? []
          : [
              {
                what: 'times that events were lost (the rate is a lower bound)',
                value: eventsLost(netns),
                source: 'netlink',
              },
            ]),
      ],
      fixes: FIXES,
      byHand: (target) => `socklens events ${target} '${filterOf(churn)}' --for 10s`,
      about: `peer ${text}`,
    };
  });
}

function churnByEvents(netns: NetnsSeries, values: Values): Churn[] {
  const toMs = netns.samples.at(-1)?.atMs ?? 0;
  return [...closedClients(netns, toMs - values.windowMs).values()].flatMap((closed) => {
    const [first] = closed;
    if (first === undefined) return [];
    const { peerAddress: peer, peerPort: port } = first.group;
    // Connections that are still open are not counted: over a minute of churn they are few.
    const made = closed.filter(({ group: { outcome } }) => !isFailure(outcome) && outcome !== 'never-accepted');
    const amounts = made.map(({ atMs, group }) => ({ atMs, amount: group.count }));
    const parts = partsOf(amounts, toMs, values.windowMs, values.parts);
    const partMs = values.windowMs / values.parts;
    return {
      peer,
      port,
      opened: sumOf(made, ({ count }) => count),
      slowest: (Math.min(...parts) * 1000) / partMs,
      ...establishedTo(netns, peer, port, made),
      shortLived: sumOf(made, ({ shortLived }) => shortLived),
      source: 'destroy events',
      sure: true,
    };
  });
}

/** Established connections to an endpoint, the mean of the snapshots, and who held most of the closed ones. */
function establishedTo(netns: NetnsSeries, peer: string, port: number, closed: readonly ClosedAt[]) {
  const pools = poolsOf(netns).filter((pool) => pool.peer === peer && pool.port === port);
  const snapshots = pools[0]?.snapshots.length ?? 1;
  const all = pools.reduce(
    (sum, pool) => sum + pool.snapshots.reduce((n, snapshot) => n + establishedIn(snapshot).length, 0),
    0,
  );
  const byEvents = mainHolder(closed);
  const only = pools.length === 1 ? pools[0]?.member : undefined;
  const holder = byEvents.process === undefined ? (only ?? byEvents) : byEvents;
  return { established: Math.round(all / snapshots), holder };
}

/** Without events: each connection that this side closed first is in TIME_WAIT for a minute. */
function churnByTimeWait(netns: NetnsSeries, values: Values): Churn[] {
  const last = lastDump(netns);
  const waiting = (last === undefined ? [] : clientsIn(netns, last)).filter(
    ({ state }) => state === TCP_STATE.TIME_WAIT,
  );
  const byEndpoint = grouped(waiting, ({ peer, peerPort }) => (peer ? `${peer.plain} ${peerPort}` : undefined));
  return [...byEndpoint.values()].flatMap((sockets) => {
    const [first] = sockets;
    if (first?.peer === undefined) return [];
    const peer = first.peer.plain;
    const rate = (sockets.length * 1000) / values.timeWaitMs;
    return {
      peer,
      port: first.peerPort,
      opened: (rate * values.windowMs) / 1000,
      slowest: rate,
      ...establishedTo(netns, peer, first.peerPort, []),
      source: 'TIME_WAIT entries over 60 s',
      sure: false,
    };
  });
}

const FIXES: readonly Fix[] = [
  {
    where: 'Go net/http',
    text: 'MaxIdleConnsPerHost is 2 unless it is set: raise it to the concurrency, and read every response body to its end before closing it',
    snippet: 'transport.MaxIdleConns = 200\ntransport.MaxIdleConnsPerHost = 100',
  },
  {
    where: 'Go database/sql',
    text: 'connections above SetMaxIdleConns (default 2) are closed at once: set it to the same number as SetMaxOpenConns',
    snippet: 'db.SetMaxOpenConns(50)\ndb.SetMaxIdleConns(50)',
  },
  {
    where: 'Node',
    text: 'create one agent or pool for the whole process, not one for each request',
    snippet: 'new http.Agent({ keepAlive: true })',
  },
  {
    where: 'PHP-FPM',
    text: 'connecting for each request is the default: use persistent connections, or a pooler beside it',
  },
  { where: 'the application', text: 'keep connections: an HTTP client or a pool that lives as long as the process' },
];
