import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import type { StackFacts } from '../../model/stack/stack-facts.ts';
import { neverCalls } from '../../stacks/go/never-called.ts';
import { dumpsOf } from '../snapshots/snapshots.ts';
import { isAnswered, isStill } from './poolers.ts';
import { establishedIn, type Pool } from './pools.ts';
import type { Database } from './servers.ts';

/** `defaultMaxIdleConns` of Go's database/sql: so many free connections a pool keeps unless its program changes it. */
const GO_IDLE = 2;

/**
 * The connections of a pool that are certainly taken and not given back: idle ones, more than its program lets be free.
 * Known of Go, where the linker shows that nothing changes the number of free connections.
 *
 * @returns all its idle connections; empty where they may be free
 */
export function heldBeyondIdleCap(
  { netns, snapshots }: Pool,
  facts: StackFacts | undefined,
  database: Database | undefined,
): readonly StoredSocket[] {
  const kind = database?.name;
  if (kind !== 'MySQL' && kind !== 'PostgreSQL') return [];
  if (!neverCalls(facts, kind, 'SetMaxIdleConns')) return [];
  const dumps = dumpsOf(netns);
  const [first] = dumps;
  const last = dumps.at(-1);
  const now = snapshots.at(-1);
  if (first === undefined || last === undefined || first === last || now === undefined) return [];
  const idle = establishedIn(now).filter((socket) => isStill(first, last, socket) && isAnswered(socket));
  return idle.length > GO_IDLE ? idle : [];
}
