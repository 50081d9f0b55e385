import { plural } from '../../../base/plural.ts';
import type { Evidence } from '../../../model/finding/finding.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import { connectionLimitFixes } from '../../fixes/connection-limits.ts';
import { capOfMain } from '../../fixes/main-client-fixes.ts';
import { queueFix } from '../../fixes/queue-fixes.ts';
import { type ConnectionCap, connectionCap as capOf } from '../../listeners/connection-cap.ts';
import { clientsOfSockets, clientsText } from '../../listeners/held-by.ts';
import { type InsideQueue, insideQueues } from '../../listeners/inside-queue.ts';
import { type Listener, tcpListeners } from '../../listeners/listeners.ts';
import { quietMs } from '../../listeners/requests.ts';
import { serverOf } from '../../peers/server-of.ts';
import { perNamespace } from '../../per-scope.ts';
import { countsText } from '../../pools/pools.ts';
import { databaseAt } from '../../pools/servers.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { endpointText } from '../../scopes.ts';
import { dumpsOf } from '../../snapshots/snapshots.ts';
import { covers, spanOf } from '../../snapshots/windows.ts';
import { settingEvidence, stackOf } from '../../stacks/stack-of.ts';
import { duration } from '../../texts.ts';

const settings = {
  windowMs: { default: 8000, unit: 'ms', text: 'how long the number is flat while others wait' },
  critical: { default: 5, unit: 'count', text: 'connections that wait' },
  idleShare: { default: 0.5, unit: 'share', text: 'of the accepted connections idle: who holds them is the cause' },
} as const;

type Values = SettingValues<typeof settings>;

/** A program that accepts so many connections and no more, whatever the kernel would allow. */
export const connectionCap = rule({
  name: 'CONNECTION_CAP',
  title: 'A server at its own limit of connections: further ones wait to be accepted',
  settings,
  needsMs: ({ windowMs }) => windowMs,
  needsSnapshots: () => 2,
  judge: perNamespace(ofNamespace, ofProxies),
});

function ofNamespace(netns: NetnsSeries, input: RuleInput, values: Values): Fault[] {
  return tcpListeners(dumpsOf(netns)).flatMap((listener) => {
    const cap = capOf(input.series, netns, listener, values.windowMs);
    return cap === undefined ? [] : [ofListener(input, listener, cap, values)];
  });
}

function ofListener({ series }: RuleInput, { socket, last }: Listener, cap: ConnectionCap, values: Values): Fault {
  const { held, idle, counts, waiting, forMs, setting, limit } = cap;
  const { localPort: port, process } = socket;
  const most = Math.max(...waiting);
  const areIdle = idle.length >= held.length * values.idleShare;
  const program = process?.name ?? 'the server';
  const clients = clientsOfSockets(series, held);
  const idleMs = idle.length === 0 ? 0 : Math.min(...idle.map(quietMs));
  return {
    severity: most >= values.critical ? 'critical' : 'warning',
    confidence: setting === undefined ? 'medium' : 'high',
    holder: socket,
    summary: `${program} takes ${plural(held.length, 'connection')} on port ${port} and no more, while ${last.waiting} wait to be accepted: ${
      areIdle ? `${idle.length} of them are idle` : `${held.length - idle.length} of them wait for an answer`
    }`,
    evidence: [
      { what: `accepted connections on port ${port}`, value: held.length, source: 'sock_diag' },
      { what: 'connections that wait to be accepted', value: last.waiting, source: 'sock_diag, queue of the listener' },
      { what: 'of the accepted ones idle: nothing asked, nothing owed', value: idle.length, source: 'sock_diag' },
      ...(setting === undefined ? [] : [settingEvidence(setting)]),
      { what: 'who holds them', value: clientsText(clients), source: 'sock_diag' },
      ...idleEvidence(idle.length, idleMs),
      { what: 'the number has been flat for', value: forMs, unit: 'ms', source: 'sock_diag' },
      { what: 'accepted in each snapshot', value: countsText(counts), source: 'sock_diag' },
      { what: 'waiting in each snapshot', value: countsText(waiting), source: 'sock_diag' },
    ],
    fixes: connectionLimitFixes(process?.name, areIdle, limit + most, capOfMain(series, process?.name, clients)),
    byHand: (target) => `socklens ls ${target} 'sport = ${port}' --by peer,idle`,
    sinceMs: last.dump.atMs - forMs,
    about: `port ${port}`,
  };
}

function idleEvidence(count: number, idleMs: number): Evidence[] {
  return count === 0
    ? []
    : [{ what: 'the idle ones are quiet for at least', value: duration(idleMs), source: 'sock_diag' }];
}

/** A program that passes on so many requests to a server at a time; the others wait inside of it. */
function ofProxies(netns: NetnsSeries, { series }: RuleInput, values: Values): Fault[] {
  return insideQueues(netns).flatMap((queue): Fault[] => {
    const { process, snapshots, upstream } = queue;
    const { socket, counts } = upstream;
    const forMs = spanOf(snapshots);
    const most = Math.max(...counts);
    const last = snapshots.at(-1);
    if (last === undefined || snapshots.length < 2 || !covers(forMs, values.windowMs)) return [];
    const facts = stackOf(series, process);
    const setting = facts?.settings.find(
      ({ name, value }) =>
        QUEUE_SETTINGS.includes(name) && typeof value === 'number' && most >= value && most <= value + 1,
    );
    // Many requests on one connection (HTTP/2) look the same: its setting must say it, or the time that they wait.
    if (setting === undefined && !isFlat(queue)) return [];
    const text = endpointText(series.names, socket.peer, socket.peerPort);
    const inside = last.asked - last.asking;
    const toDatabase =
      socket.peer !== undefined && databaseAt(series, netns, socket.peer.plain, socket.peerPort) !== undefined;
    return [
      {
        severity: 'warning',
        confidence: setting === undefined ? 'medium' : 'high',
        title: 'A program at its own limit of connections to a server: further requests wait inside of it',
        holder: { process, container: socket.container },
        summary: `${process.name} passes ${setting?.value ?? most} requests at a time to ${text}${setting === undefined ? ' and no more' : `, its ${setting.name.replace(/^server /, '')} for that server`}, while ${inside} wait inside`,
        evidence: [
          { what: 'requests that it has read and not answered', value: last.asked, source: 'sock_diag' },
          { what: `of them passed on to ${text}, at most`, value: most, source: 'sock_diag' },
          ...(setting === undefined ? [] : [settingEvidence(setting)]),
          { what: 'of them without an answer for a second or more', value: last.waiting, source: 'sock_diag' },
          { what: 'it has been so for', value: forMs, unit: 'ms', source: 'sock_diag' },
          {
            what: 'read and not answered in each snapshot',
            value: countsText(snapshots.map(({ asked }) => asked)),
            source: 'sock_diag',
          },
          { what: 'passed on in each snapshot', value: countsText(counts), source: 'sock_diag' },
        ],
        fixes: [queueFix(process.name, facts?.stack, toDatabase, text)],
        byHand: (target) => `socklens ls ${target} 'dport = ${socket.peerPort}' --by process,state`,
        sinceMs: snapshots[0]?.atMs,
        about: `peer ${text}`,
        ...(socket.peer !== undefined && serverOf(series, netns, socket.peer.plain, socket.peerPort)),
      },
    ];
  });
}

/** Settings that are the number of requests at a time, by the name that its owner changes. */
const QUEUE_SETTINGS = ['server maxconn', 'default_pool_size'];

/**
 * Whether it has the same number of connections in every snapshot, nearly all of them in use, while most of the other
 * requests wait for a second or more, and answers come: a cap. Where none comes the server is what they wait for.
 */
function isFlat({ process, snapshots, upstream: { counts, connections } }: InsideQueue): boolean {
  // Its setting is read.
  if (process.name.startsWith('haproxy')) return false;
  const most = Math.max(...connections);
  const last = snapshots.at(-1);
  if (most < 2 || last === undefined || last.newestMs >= spanOf(snapshots) / 2) return false;
  const used = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return (
    most - Math.min(...connections) <= Math.floor(most * FLAT) &&
    Math.max(...counts) >= most &&
    used >= most * MOSTLY &&
    snapshots.every(({ asked, asking, waiting }) => waiting >= (asked - asking) * MOSTLY)
  );
}

/** A number that is flat differs by this share at most. */
const FLAT = 0.1;

/** So many of what waits inside has waited for long, and so many of the connections are in use. */
const MOSTLY = 0.5;
