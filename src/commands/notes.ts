import { safeText } from '../base/safe-text.ts';
import type { Coverage } from '../model/sample/coverage.ts';
import type { CommandContext } from './context.ts';

/** Prints a note on stderr: `socklens: TEXT`. Control characters of the text are made visible. */
export function writeNote({ err }: Pick<CommandContext, 'err'>, text: string): void {
  err.write(`socklens: ${safeText(text)}\n`);
}

/**
 * Prints what an answer does not cover, one note per line.
 *
 * @param about name of the target, printed before each note; undefined for a single target
 */
export function writeNotes(context: CommandContext, coverage: Coverage, about?: string): void {
  for (const note of coverage.notes) writeNote(context, about === undefined ? note : `${about}: ${note}`);
}
