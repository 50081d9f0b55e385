import { safeText } from '../base/safe-text.ts';
import { parseFilter } from '../filter/parse.ts';
import type { Filter } from '../filter/syntax.ts';
import type { CommandContext } from './context.ts';

/**
 * Reads a FILTER argument, and tells a person what should be known about how it was read.
 *
 * @param asSs `--ss`: `and` and `or` from left to right
 * @throws {Failure} `usage`
 */
export function readFilter({ err }: CommandContext, text: string, asSs: boolean): Filter {
  const filter = parseFilter(text, asSs ? 'ss' : 'and-first');
  for (const note of filter.notes) err.write(`socklens: ${safeText(note)}\n`);
  return filter;
}
