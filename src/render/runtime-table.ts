import type { RuntimeRow, RuntimeState } from '../model/report/runtime-report.ts';
import type { ByteWriter } from './byte-writer.ts';
import { type Column, Table } from './table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'Runtime', align: 'left' },
  { title: 'Version', align: 'left', drop: 2 },
  { title: 'Containers', align: 'right' },
  { title: 'State', align: 'left' },
  { title: 'Socket', align: 'left', optional: true, shorten: 'name', least: 20, drop: 1 },
];

const WORDS: Readonly<Record<RuntimeState, string>> = {
  running: 'running',
  partly: 'no answer; known without it',
  absent: 'not running',
  denied: 'no access',
  elsewhere: 'on another machine',
  silent: 'no answer',
  nonsense: 'wrong answer',
  unlisted: 'known by cgroups alone',
};

/** Writes the rows of `runtimes` as a table. */
export function renderRuntimes(out: ByteWriter, rows: readonly RuntimeRow[], width?: number, colour = false): void {
  const table = new Table(COLUMNS);
  for (const { runtime, version, containers, state, endpoint } of rows) {
    table.text(runtime);
    table.text(version ?? '-');
    table.text(containers === undefined ? '-' : String(containers));
    table.text(WORDS[state]);
    table.text(endpoint ?? '');
  }
  table.render(out, width, colour);
}
