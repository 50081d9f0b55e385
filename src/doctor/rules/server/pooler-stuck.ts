import { groupedBySize } from '../../../base/lists.ts';
import { plural } from '../../../base/plural.ts';
import type { Fix } from '../../../model/finding/finding.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import { type StackFacts, settingOf } from '../../../model/stack/stack-facts.ts';
import { heldFixes } from '../../fixes/transaction-fixes.ts';
import { serverOf } from '../../peers/server-of.ts';
import { perNamespace } from '../../per-scope.ts';
import { type HeldPool, heldPools } from '../../pools/held-pools.ts';
import { type SessionPooler, type StuckPooler, sessionPoolers, stuckPoolers } from '../../pools/poolers.ts';
import { type Fault, rule } from '../../rule.ts';
import { endpointText } from '../../scopes.ts';
import { settingEvidence, stackOf } from '../../stacks/stack-of.ts';

const settings = {
  stuckMs: { default: 5_000, unit: 'ms', text: 'how long nothing moves, on any connection of the pooler' },
  warning: { default: 3, unit: 'count', text: 'clients that wait for an answer' },
  critical: { default: 20, unit: 'count', text: 'clients that wait for an answer' },
} as const;

/** A pooler whose clients all wait, while its connections to the server do nothing. */
export const poolerStuck = rule({
  name: 'POOLER_STUCK',
  title: 'Clients of a pooler wait, while all of its connections to the server are held idle',
  settings,
  needsMs: ({ stuckMs }) => stuckMs,
  needsSnapshots: () => 2,
  judge: perNamespace(
    (netns, { series }, values) =>
      stuckPoolers(netns, values.stuckMs).flatMap(graded(values, (pooler) => ofPooler(series, pooler))),
    (netns, { series }, values) =>
      sessionPoolers(netns, values.stuckMs).flatMap(graded(values, (pooler) => ofSessions(series, pooler))),
    (netns, { series }, values) =>
      heldPools(series, netns, values.stuckMs).flatMap(graded(values, (held) => ofPool(series, netns, held))),
  ),
});

/** As severe as many wait. */
function graded<T extends { waiting: readonly unknown[] }>(
  { warning, critical }: { warning: number; critical: number },
  describe: (found: T) => Omit<Fault, 'severity'>,
): (found: T) => Fault[] {
  return (found) => {
    const count = found.waiting.length;
    return count < warning ? [] : [{ ...describe(found), severity: count >= critical ? 'critical' : 'warning' }];
  };
}

/** The pool of an application. */
function ofPool(series: Series, netns: NetnsSeries, held: HeldPool): Omit<Fault, 'severity'> {
  const { pool, process, servers, waiting, forMs, sessions } = held;
  const server = endpointText(series.names, { plain: pool.peer }, pool.port);
  const seconds = Math.round(forMs / 1000);
  const inTransaction = sessions === undefined ? ' and idle' : ', idle in a transaction';
  return {
    confidence: sessions === undefined ? 'medium' : 'high',
    title: `Requests wait for a connection of a pool, while all of them are held${inTransaction}`,
    holder: pool.member,
    summary: `${plural(waiting.length, 'request')} of ${process.name} (${process.pid}) ${waiting.length === 1 ? 'has' : 'have'} no answer, while all ${servers} of its connections to ${server} have been idle${sessions === undefined ? '' : ' in a transaction'} for ${seconds} s: they are not given back to the pool`,
    evidence: [
      { what: 'requests that were read and have no answer', value: waiting.length, source: 'tcp_info' },
      { what: `its connections to ${server}, all answered and idle`, value: servers, source: 'tcp_info' },
      ...(sessions === undefined
        ? [
            {
              what: 'answers of it to any client since the pool was last used',
              value: 0,
              source: 'tcp_info, destroy events',
            },
          ]
        : [{ what: 'sessions that are idle in a transaction', value: sessions.idleInTransaction, source: TITLES }]),
      { what: 'time in which nothing moved', value: Math.round(forMs), unit: 'ms', source: 'tcp_info' },
    ],
    fixes: heldFixes(stackOf(series, process)?.stack, sessions !== undefined),
    byHand: (target) => `socklens ls ${target} -t -i 'dport ${pool.port}'`,
    about: `peer ${server}`,
    ...serverOf(series, netns, pool.peer, pool.port),
  };
}

const TITLES = "titles of PostgreSQL's processes";

function ofPooler(series: Series, pooler: StuckPooler): Omit<Fault, 'severity'> {
  const { process, member, port, waiting, quiet, toServer, servers, forMs } = pooler;
  const server = endpointText(series.names, { plain: toServer.peer }, toServer.port);
  const facts = stackOf(series, process);
  const mode = facts === undefined ? undefined : settingOf(facts, 'pool_mode');
  const isSession = mode?.value === 'session';
  const seconds = Math.round(forMs / 1000);
  return {
    confidence: quiet.length >= servers ? 'high' : 'medium',
    holder: { process, container: member.container },
    summary: `${plural(waiting.length, 'client')} of port ${port} (${process.name}) wait for an answer, while all ${servers} of its connections to ${server} have been idle for ${seconds} s: ${isSession ? 'other clients keep them, as long as they are connected' : 'other clients hold them, in a transaction that is not ended'}`,
    evidence: [
      { what: `clients of port ${port} whose request has no answer`, value: waiting.length, source: 'tcp_info' },
      { what: `its connections to ${server}, all answered and idle`, value: servers, source: 'tcp_info' },
      {
        what: 'clients that have their answer and sent nothing since',
        value: quiet.length === 0 ? 0 : fromWhere(series, pooler),
        source: 'tcp_info',
      },
      { what: 'time in which nothing moved', value: Math.round(forMs), unit: 'ms', source: 'tcp_info' },
      ...(mode === undefined ? [] : [{ what: 'pool_mode', value: mode.value, source: mode.path ?? mode.proof }]),
    ],
    fixes: fixesFor(pooler, facts, isSession),
    byHand: (target) => `socklens ls ${target} -t -i 'sport ${port} or dport ${toServer.port}'`,
    about: `port ${port}`,
  };
}

/** A pooler in session mode whose connections are all kept by clients that are connected. */
function ofSessions(series: Series, pooler: SessionPooler): Omit<Fault, 'severity'> {
  const { process, member, port, waiting, served, toServer, servers, forMs } = pooler;
  const server = endpointText(series.names, { plain: toServer.peer }, toServer.port);
  const facts = stackOf(series, process);
  const mode = facts === undefined ? undefined : settingOf(facts, 'pool_mode');
  const size = facts === undefined ? undefined : settingOf(facts, 'default_pool_size');
  const isPgbouncer = facts?.stack === 'PgBouncer' || process.name.startsWith('pgbouncer');
  return {
    confidence: mode?.value === 'session' ? 'high' : 'medium',
    title: 'Clients of a pooler wait, while others keep its connections for as long as they are connected',
    holder: { process, container: member.container },
    summary: `${plural(waiting.length, 'client')} of port ${port} (${process.name}) have waited for ${Math.round(forMs / 1000)} s or longer, while ${served} others that asked later were served: all ${servers} connections to ${server} are kept by clients that are connected`,
    evidence: [
      { what: `clients of port ${port} whose request has no answer`, value: waiting.length, source: 'tcp_info' },
      { what: 'other clients, each of which keeps a connection', value: fromWhere(series, pooler), source: 'tcp_info' },
      { what: `its connections to ${server}`, value: servers, source: 'sock_diag' },
      { what: 'clients that were served meanwhile', value: served, source: 'tcp_info' },
      ...[mode, size].flatMap((setting) => (setting === undefined ? [] : [settingEvidence(setting)])),
    ],
    fixes: [
      isPgbouncer
        ? {
            where: 'PgBouncer',
            text: 'in session mode, its default, a client keeps its server connection until it disconnects, idle or not: share them by the transaction (not with LISTEN, session advisory locks, SET, and prepared statements before version 1.21); a larger default_pool_size only takes as many clients more',
            snippet: 'pool_mode = transaction',
          }
        : {
            where: 'the pooler',
            text: 'its clients keep a connection for as long as they are connected: pool by the transaction instead of the session, or let idle clients disconnect',
          },
      { where: 'the clients that keep them', text: 'disconnect when they are idle, or have smaller pools' },
    ],
    byHand: (target) => `socklens ls ${target} -t -i 'sport ${port} or dport ${toServer.port}'`,
    about: `port ${port}`,
  };
}

/** `5 (4 from 10.0.0.5, 1 from 10.0.0.6)`: where those come from that may hold the connections. */
function fromWhere({ names }: Series, { quiet }: StuckPooler): string {
  const hosts = groupedBySize(quiet, ({ peer }) => peer && (names.host(peer.plain) ?? peer.plain));
  const most = hosts.slice(0, 3);
  return `${quiet.length} (${most.map(([host, sockets]) => `${sockets.length} from ${host}`).join(', ')})`;
}

function fixesFor({ process }: StuckPooler, facts: StackFacts | undefined, isSession: boolean): Fix[] {
  const isPgbouncer = facts?.stack === 'PgBouncer' || process.name.startsWith('pgbouncer');
  const fixes: Fix[] = [
    {
      where: 'the clients that hold them',
      text: `end every transaction, by commit or rollback, also after an error, and wait for nothing else inside of one${
        isSession
          ? '; in session mode a client keeps its server connection until it disconnects: pool_mode = transaction'
          : ''
      }`,
    },
  ];
  if (isPgbouncer) {
    fixes.push({
      where: 'PgBouncer',
      text: 'ends clients that stay idle in a transaction; SHOW CLIENTS and SHOW SERVERS tell which they are',
      snippet: 'idle_transaction_timeout = SECONDS',
    });
    fixes.push({
      where: 'PostgreSQL',
      text: 'the same at the server, for clients without a pooler too',
      snippet: "ALTER SYSTEM SET idle_in_transaction_session_timeout = 'DURATION';",
    });
  } else {
    fixes.push({
      where: 'the server',
      text: 'a timeout for sessions that stay idle in a transaction (idle_in_transaction_session_timeout of PostgreSQL, idle_transaction_timeout of MariaDB)',
    });
  }
  return fixes;
}
