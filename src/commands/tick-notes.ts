import { NOT_ROOT } from '../model/sample/coverage.ts';
import type { Tick } from '../sources/sample-source.ts';
import type { CommandContext } from './context.ts';
import { writeNote } from './notes.ts';

/**
 * The notes of ticks, for commands that print no samples: targets that started, stopped or could not be read, and once
 * for the run what an ordinary user cannot see.
 */
export class TickNotes {
  #saidNotRoot = false;

  write(context: Pick<CommandContext, 'err'>, { notes, namespaces }: Tick): void {
    for (const note of notes) if (note !== NOT_ROOT) writeNote(context, note);
    if (this.#saidNotRoot) return;
    const all = [...notes, ...namespaces.flatMap(({ snapshot }) => snapshot?.coverage.notes ?? [])];
    if (!all.includes(NOT_ROOT)) return;
    this.#saidNotRoot = true;
    writeNote(context, NOT_ROOT);
  }
}
