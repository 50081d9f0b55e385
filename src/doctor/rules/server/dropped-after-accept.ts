import { plural } from '../../../base/plural.ts';
import type { Evidence } from '../../../model/finding/finding.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import {
  type ClosedAt,
  closedClients,
  closedServers,
  eventsLost,
  mainHolder,
  mostWithin,
  sumOf,
} from '../../clients/closed-connections.ts';
import { connectionLimitFixes, connectionLimitOf } from '../../fixes/connection-limits.ts';
import { dropReason } from '../../fixes/drop-reasons.ts';
import { capOfMain } from '../../fixes/main-client-fixes.ts';
import { acceptedIn } from '../../listeners/acceptance.ts';
import { clientsOfSockets, clientsText } from '../../listeners/held-by.ts';
import { isIdle } from '../../listeners/requests.ts';
import { listenersOnPort } from '../../peers/listeners-at.ts';
import { namespaceByAddress } from '../../peers/namespace-by-address.ts';
import { perNamespace } from '../../per-scope.ts';
import { heldByServer } from '../../pools/held.ts';
import { countsText } from '../../pools/pools.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { endpointText } from '../../scopes.ts';
import { lastDump } from '../../snapshots/snapshots.ts';
import { limitSettings, settingEvidence } from '../../stacks/stack-of.ts';

const settings = {
  windowMs: { default: 10_000, unit: 'ms', text: 'window in which dropped connections are counted' },
  warning: { default: 10, unit: 'count', text: 'dropped within it' },
  critical: { default: 100, unit: 'count', text: 'dropped within it' },
  flat: {
    default: 0.05,
    unit: 'share',
    text: 'that the number of kept connections differs by at most where it is a limit',
  },
} as const;

type Values = SettingValues<typeof settings>;

/** Connections that an application takes and ends again without having read anything: it refuses them, the network does not. */
export const droppedAfterAccept = rule({
  name: 'DROPPED_AFTER_ACCEPT',
  title: 'Connections that a server accepts and drops at once, unheard',
  settings,
  judge: perNamespace(atServer, atClient),
});

function atServer(netns: NetnsSeries, input: RuleInput, values: Values): Fault[] {
  return [...closedServers(netns)].flatMap(([port, closed]) => {
    const most = mostDropped(closed, values);
    const [listener] = listenersOnPort(netns, port);
    if (most < values.warning || listener === undefined) return [];
    return [ofPort(netns, input, { listener: listener.socket, closed, most }, values)];
  });
}

/** The most within the window. */
function mostDropped(closed: readonly ClosedAt[], { windowMs }: Values): number {
  return mostWithin(
    closed.map(({ atMs, group }) => ({ atMs, count: group.dropped ?? 0 })),
    windowMs,
  );
}

interface Dropped {
  listener: StoredSocket;
  closed: readonly ClosedAt[];
  most: number;
}

function ofPort(netns: NetnsSeries, { series }: RuleInput, { listener, closed, most }: Dropped, values: Values): Fault {
  const { localPort: port, process } = listener;
  const program = process?.name;
  const dropped = droppedIn(closed);
  const counts = (heldByServer({ series, from: netns, plain: '127.0.0.1', port, database: undefined }) ?? []).map(
    ({ held }) => held,
  );
  const held = Math.max(0, ...counts);
  const isFlat = held > 1 && held - Math.min(...counts) <= Math.max(1, held * values.flat);
  const dump = lastDump(netns);
  const kept = dump === undefined ? [] : acceptedIn(dump, listener);
  const clients = clientsOfSockets(series, kept);
  const areIdle = kept.filter(isIdle).length * 2 >= kept.length;
  const setting = limitSettings(series, listener.holders)[0];
  const limit = connectionLimitOf(program);
  const reason = dropReason(program);
  const name = program ?? 'the server';
  return {
    severity: most >= values.critical ? 'critical' : 'warning',
    confidence: isFlat || held === 0 ? 'high' : 'medium',
    holder: listener,
    summary: `${name} accepted ${plural(dropped, 'connection')} on port ${port} and dropped them at once, unheard: ${
      isFlat
        ? `it keeps ${held}, ${limit === undefined ? 'a limit of its own' : `probably its limit, ${limit.setting}`}`
        : held === 0
          ? `it keeps none (${reason.because})`
          : `it keeps others (${reason.because})`
    }`,
    evidence: [
      {
        what: `connections on port ${port} dropped within a second, nothing read`,
        value: dropped,
        source: 'destroy events',
      },
      { what: 'connections that it keeps, at most', value: held, source: 'sock_diag' },
      { what: `dropped, maximum within ${values.windowMs / 1000} s`, value: most, source: 'destroy events' },
      { what: 'of all that ended there', value: sumOf(closed, ({ count }) => count), source: 'destroy events' },
      ...(isFlat && setting !== undefined ? [settingEvidence(setting)] : []),
      ...(kept.length === 0 ? [] : [keptEvidence(clientsText(clients), kept)]),
      ...(counts.length === 0
        ? []
        : [{ what: 'kept in each snapshot', value: countsText(counts), source: 'sock_diag' }]),
      ...lost(netns),
    ],
    fixes:
      isFlat && limit !== undefined
        ? connectionLimitFixes(program, areIdle, undefined, capOfMain(series, program, clients))
        : [reason.fix],
    byHand: (target) => `socklens events ${target} 'sport = ${port}' --for 10s`,
    sinceMs: closed.find(({ group }) => (group.dropped ?? 0) > 0)?.atMs,
    about: `port ${port}`,
  };
}

function droppedIn(closed: readonly ClosedAt[]): number {
  return sumOf(closed, ({ dropped = 0 }) => dropped);
}

function keptEvidence(who: string, kept: readonly StoredSocket[]): Evidence {
  const idle = kept.filter(isIdle).length;
  return { what: 'who holds those that it keeps', value: `${who}; ${idle} of them idle`, source: 'sock_diag' };
}

function lost(netns: NetnsSeries): Evidence[] {
  const value = eventsLost(netns);
  return value === 0
    ? []
    : [{ what: 'times that events were lost (counts are lower bounds)', value, source: 'netlink' }];
}

/** As its clients see it, where the server is on another machine or not watched. */
function atClient(netns: NetnsSeries, { series }: RuleInput, values: Values): Fault[] {
  return [...closedClients(netns).values()].flatMap((closed) => {
    const [first] = closed;
    const most = mostDropped(closed, values);
    if (first === undefined || most < values.warning) return [];
    const { peerAddress: peer, peerPort: port } = first.group;
    if (namespaceByAddress(series, netns, peer) !== undefined) return [];
    const text = endpointText(series.names, { plain: peer }, port);
    const dropped = droppedIn(closed);
    return [
      {
        severity: most >= values.critical ? 'critical' : 'warning',
        confidence: 'medium',
        holder: mainHolder(closed),
        summary: `${text} accepted ${plural(dropped, 'connection')}, answered nothing and ended them within a second: it refuses them itself, the network does not`,
        evidence: [
          { what: `connections to ${text} that it ended without an answer`, value: dropped, source: 'destroy events' },
          { what: `maximum within ${values.windowMs / 1000} s`, value: most, source: 'destroy events' },
          {
            what: 'of all closed connections to it',
            value: sumOf(closed, ({ count }) => count),
            source: 'destroy events',
          },
          ...lost(netns),
        ],
        fixes: [dropReason(undefined).fix],
        byHand: (target: string) => `socklens events ${target} 'dst ${peer} and dport = ${port}' --for 10s`,
        sinceMs: closed.find(({ group }) => (group.dropped ?? 0) > 0)?.atMs,
        about: `peer ${text}`,
      },
    ];
  });
}
