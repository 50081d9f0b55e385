import { formatEndpoint } from '../../base/endpoint-text.ts';
import type { Evidence, Fix } from '../../model/finding/finding.ts';
import { capFixes } from '../fixes/pool-fixes.ts';
import type { RuleInput } from '../rule.ts';
import { stackOf } from '../stacks/stack-of.ts';
import type { Pool } from './pools.ts';
import { isProved, type ServerLimit, serverLimitOf } from './server-limit.ts';
import type { Server } from './servers.ts';
import { recommendedCap } from './shared-endpoints.ts';
import { type Sharers, sharersOfPool } from './sharers.ts';

/** What a cap leaves room for, in the settings of the rules that recommend one. */
export interface Room {
  /** Instances during a deployment, as a multiple. */
  deployFactor: number;
  /** Share of the server's limit that is kept for others. */
  reserve: number;
}

/** How large a pool may be for all to fit into its server's limit. */
export interface CapAdvice {
  limit: ServerLimit | undefined;
  sharers: Sharers;
  /** The cap with which all fit; undefined unless the limit is proved and all that share it are known. */
  cap: number | undefined;
  /** The settings that cap the pool, and what is missing for a number; see {@link capFixesOf}. */
  fixes: Fix[];
}

/** How large a pool may be: computed from what was declared, measured or observed, never from an assumption. */
export function capAdvice(input: RuleInput, pool: Pool, server: Server, room: Room): CapAdvice {
  const { netns, peer, port } = pool;
  const limit = serverLimitOf(input, netns, peer, port, server);
  const sharers = sharersOfPool(input, pool);
  const fitting =
    isProved(limit) && sharers.known !== undefined
      ? recommendedCap({
          limit: limit.connections,
          reserved: reservedOf(limit, server),
          processes: sharers.processes,
          deployFactor: room.deployFactor,
          reserveShare: room.reserve,
        })
      : undefined;
  const { declaredCap } = server;
  const cap = fitting !== undefined && declaredCap !== undefined ? Math.min(fitting, declaredCap) : fitting;
  return { limit, sharers, cap, fixes: capFixesOf(input, pool, server, { limit, sharers }, cap) };
}

/** Connections of a limit that ordinary users do not get: what was seen is without them. */
export function reservedOf({ proof }: ServerLimit, { database }: Pick<Server, 'database'>): number {
  return proof === 'refused' ? 0 : (database?.reserved ?? 0);
}

/**
 * The settings that cap a pool.
 *
 * @param cap undefined where no number is known: then the last fix says what is missing and how it is told
 */
export function capFixesOf(
  input: RuleInput,
  pool: Pool,
  server: Server,
  known: Pick<CapAdvice, 'limit' | 'sharers'>,
  cap: number | undefined,
): Fix[] {
  const fixes = capFixes({ stack: stackOf(input.series, pool.member.process), database: server.database }, cap);
  const missing = missingFor(input, pool, server, known);
  return missing === undefined ? fixes : [...fixes, missing];
}

/** What is not known about the sum of all pools, and how to tell it; undefined where all is known. */
function missingFor(
  { series }: RuleInput,
  { peer, port }: Pool,
  { text, database, pooler }: Server,
  { limit, sharers }: Pick<CapAdvice, 'limit' | 'sharers'>,
): Fix | undefined {
  // The sum of all pools matters where a server limits it.
  if (database === undefined && limit === undefined) return undefined;
  if (pooler !== undefined && limit === undefined) return undefined;
  const unknown: string[] = [];
  const options: string[] = [];
  if (sharers.known === undefined) {
    unknown.push(`how many replicas of ${sharers.names.join(' and ')} there are on other hosts`);
    options.push('--replicas N');
  }
  if (!isProved(limit)) {
    unknown.push(`how many connections ${text} accepts`);
    options.push(`--server-limit ${formatEndpoint(series.names.host(peer) ?? peer, port)}=N`);
  }
  if (unknown.length === 0) return undefined;
  const are = unknown.length === 1 ? 'is' : 'are';
  return {
    where: 'the sum of all pools',
    text: `${unknown.join(', and ')}, ${are} not known here: all caps together must stay below the server's limit. With these options the cap is computed`,
    snippet: `socklens doctor ${options.join(' ')}`,
  };
}

/** Evidence for who shares a server. */
export function sharersEvidence({ processes, known, names }: Sharers): Evidence {
  const what = `processes with a pool to it, of ${names.join(', ')}${known === undefined ? ' (replicas elsewhere are not known)' : ''}`;
  return { what, value: processes, source: known === '--replicas' ? '--replicas, sock_diag' : 'sock_diag' };
}
