import type { BoundFilter } from './bound-filter.ts';
import { compileTest, type Surroundings, type Test } from './evaluate.ts';
import { checkKnown, type KnownFields } from './known-fields.ts';

/**
 * The test of a bound filter for one kind of sockets.
 *
 * @param around what is known of a socket beyond its view
 * @throws {Failure} when the filter asks for a field that these sockets do not have
 */
export function filterTest(bound: BoundFilter, known: KnownFields, around: Surroundings): Test {
  checkKnown(bound.tree, known);
  return compileTest(bound.tree, around);
}
