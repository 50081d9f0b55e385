import { safeText } from '../base/safe-text.ts';
import type { Coverage } from '../model/sample/coverage.ts';
import { TargetNotes } from '../model/sample/target-notes.ts';
import type { CommandContext } from './context.ts';

/** Prints a note on stderr: `socklens: TEXT`. Control characters of the text are made visible. */
export function writeNote({ err }: Pick<CommandContext, 'err'>, text: string): void {
  err.write(`socklens: ${safeText(text)}\n`);
}

/** Prints what the answers of a run do not cover, one note per line; see {@link TargetNotes}. */
export function writeNotes(
  context: CommandContext,
  answers: readonly { target: { name: string }; coverage: Coverage }[],
): void {
  const notes = new TargetNotes();
  for (const { target, coverage } of answers) notes.add(target.name, coverage.notes);
  const [only] = answers;
  const lines = answers.length === 1 && only !== undefined ? only.coverage.notes : notes.lines();
  for (const line of lines) writeNote(context, line);
}
