import { safeText } from '../base/safe-text.ts';
import type { Coverage } from '../model/sample/coverage.ts';
import type { CommandContext } from './context.ts';

/** Tells a person what an answer does not cover: a line for each note, on stderr. */
export function writeNotes({ err }: CommandContext, coverage: Coverage, about?: string): void {
  for (const note of coverage.notes) {
    err.write(`socklens: ${safeText(about === undefined ? note : `${about}: ${note}`)}\n`);
  }
}
