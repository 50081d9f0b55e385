import type { NetnsSeries } from '../../model/sample/series.ts';
import type { RuleInput } from '../rule.ts';
import { type LimitProof, serverLimitOf } from './server-limit.ts';
import { serverAt } from './servers.ts';

/** What connections to an endpoint cannot exceed, and how that is known. */
export interface Ceiling {
  count: number;
  /** It was seen to refuse; it was read or declared; it is a default, which may be another here. */
  kind: 'observed' | 'set' | 'assumed';
  /** What it is, in a few words: `max_connections`, `refuses more`. */
  what: string;
}

const KINDS: Readonly<Record<LimitProof, Ceiling['kind']>> = {
  declared: 'set',
  setting: 'set',
  refused: 'observed',
  assumed: 'assumed',
};

/** What a limit is, where it is no setting of the server. */
const WHATS: Readonly<Partial<Record<LimitProof, string>>> = { declared: '--server-limit', refused: 'refuses more' };

/**
 * The ceiling of the connections of one network namespace to an endpoint: the declared cap of its pool, else the limit of
 * the server, which all clients share.
 *
 * @param plain address of the peer @returns undefined where nothing is known
 */
export function ceilingOf(input: RuleInput, from: NetnsSeries, plain: string, port: number): Ceiling | undefined {
  const server = serverAt(input, from, plain, port);
  if (server.declaredCap !== undefined) return { count: server.declaredCap, kind: 'set', what: 'cap of the pool' };
  const limit = serverLimitOf(input, from, plain, port, server);
  if (limit === undefined) return undefined;
  const what = limit.isAbout
    ? 'refuses more (about)'
    : (WHATS[limit.proof] ?? server.database?.limitSetting ?? 'limit');
  return { count: limit.connections, kind: KINDS[limit.proof], what };
}
