import type { StackFacts } from '../../model/stack/stack-facts.ts';
import type { PeerKind } from '../pool-words.ts';
import { GO_DRIVERS } from './libraries.ts';

/** Libraries with pools of their own: where one is in the program, database/sql need not be what connects. */
const OWN_POOLS: Readonly<Partial<Record<PeerKind, readonly string[]>>> = {
  MySQL: ['go-mysql'],
  PostgreSQL: ['pgxpool', 'go-pg'],
};

/**
 * Whether a program is proven never to call a function of `*sql.DB`: its linker left it out, and the connections to
 * this kind of server are those of database/sql.
 *
 * @param method `SetMaxOpenConns`
 */
export function neverCalls(facts: StackFacts | undefined, peer: PeerKind | undefined, method: string): boolean {
  if (facts?.stack !== 'Go' || peer === undefined || !facts.absent.includes(`database/sql.(*DB).${method}`))
    return false;
  const has = (name: string) => facts.libraries.some((library) => library.name === name);
  const isDriven = facts.libraries.some(({ name }) => GO_DRIVERS[name] === peer);
  return isDriven && OWN_POOLS[peer]?.some(has) !== true;
}
