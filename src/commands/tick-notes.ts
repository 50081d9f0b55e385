import { NOT_ROOT } from '../model/sample/coverage.ts';
import { TargetNotes } from '../model/sample/target-notes.ts';
import type { Tick } from '../sources/sample-source.ts';
import type { CommandContext } from './context.ts';
import { writeNote } from './notes.ts';

/**
 * The notes of ticks, for commands that print no samples: targets that started, stopped or could not be read; what the
 * first sample lacks, because its notes would differ in names of processes only at each later one; and once for the run
 * what an ordinary user cannot see.
 */
export class TickNotes {
  #saidNotRoot = false;
  #saidLosses = false;

  write(context: Pick<CommandContext, 'err'>, { notes, namespaces }: Tick): void {
    for (const note of notes) if (note !== NOT_ROOT) writeNote(context, note);
    const losses = new TargetNotes();
    for (const { namespace, snapshot } of namespaces) losses.add(namespace.name, snapshot?.coverage.notes ?? []);
    const lines = losses.lines();
    if (!this.#saidLosses && lines.length > 0) {
      this.#saidLosses = true;
      for (const line of lines) if (line !== NOT_ROOT) writeNote(context, line);
    }
    if (this.#saidNotRoot || ![...notes, ...lines].includes(NOT_ROOT)) return;
    this.#saidNotRoot = true;
    writeNote(context, NOT_ROOT);
  }
}
