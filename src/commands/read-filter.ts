import { parseFilter } from '../filter/parse.ts';
import type { Filter } from '../filter/syntax.ts';
import type { CommandContext } from './context.ts';
import { writeNote } from './notes.ts';

/**
 * Parses a FILTER argument and prints the notes of the parser.
 *
 * @param asSs `--ss`: `and` and `or` have equal precedence
 * @throws {Failure} `usage`
 */
export function readFilter(context: CommandContext, text: string, asSs: boolean): Filter {
  const filter = parseFilter(text, asSs ? 'ss' : 'and-first');
  for (const note of filter.notes) writeNote(context, note);
  return filter;
}
