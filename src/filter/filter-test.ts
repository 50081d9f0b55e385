import type { BoundFilter } from './bound-filter.ts';
import { compileTest, type SocketLookups, type Test } from './evaluate.ts';
import { checkKnown, type KnownFields } from './known-fields.ts';

/**
 * Compiles a bound filter into a test for one source of sockets.
 *
 * @throws {Failure} when the filter has a condition on a field that the source does not know
 */
export function filterTest(bound: BoundFilter, known: KnownFields, lookups: SocketLookups): Test {
  checkKnown(bound.tree, known);
  return compileTest(bound.tree, lookups);
}
