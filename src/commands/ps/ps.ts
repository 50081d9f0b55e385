import type { Overview } from '../../model/report/overview.ts';
import { type OverviewOrder, sortOverview } from '../../model/report/overview-order.ts';
import { TargetNotes } from '../../model/sample/target-notes.ts';
import { overview } from '../../queries/overview.ts';
import { serviceRows } from '../../queries/overview-services.ts';
import { ByteWriter } from '../../render/byte-writer.ts';
import { overviewJson, overviewNdjson, servicesJson, servicesNdjson } from '../../render/json.ts';
import { renderOverview, renderServices } from '../../render/overview-table.ts';
import { openSnapshot } from '../../sources/open-snapshot.ts';
import type { Recorded } from '../../sources/open-source.ts';
import type { CommandContext, Format } from '../context.ts';
import { writeNote } from '../notes.ts';
import { readFilter } from '../read-filter.ts';

export interface PsOptions {
  /** A TARGET as typed, several with commas; undefined for every container. */
  target?: string | undefined;
  /** As typed; empty for all sockets. */
  filter?: string;
  /** Parse the filter like ss: `and` and `or` have equal precedence. */
  asSs?: boolean;
  /** Undefined for the order of the namespaces. */
  sort?: OverviewOrder | undefined;
  /** Whether the replicas of each service are one row. */
  byService?: boolean;
  /** Whether a container as TARGET means its whole network namespace. */
  wholeNetns?: boolean;
  /** Include namespaces without containers, and the host. */
  all: boolean;
  /** Plain numbers, no names. */
  numeric: boolean;
  format: Format;
  /** The recording to read; undefined for this machine. */
  from?: Recorded | undefined;
}

/** `socklens ps`: a row for every container. */
export async function ps(context: CommandContext, options: PsOptions): Promise<void> {
  const { machine, out } = context;
  const { target, all, from, wholeNetns, sort } = options;
  // An error in the filter is reported before anything is read.
  const filter = readFilter(context, options.filter ?? '', options.asSs ?? false);
  const snapshot = await openSnapshot(machine, { target, all, from, wholeNetns });
  const found = await overview(snapshot, { names: !options.numeric, filter, isNamed: target !== undefined }).finally(
    () => snapshot.close(),
  );
  if (options.byService) return printServices(context, found, options);
  const result = sort === undefined ? found : { ...found, rows: sortOverview(found.rows, sort) };
  if (options.format === 'json') out.write(overviewJson(result));
  else if (options.format === 'ndjson') for (const line of overviewNdjson(result)) out.write(line);
  else {
    for (const note of notesOf(result)) writeNote(context, note);
    const writer = new ByteWriter();
    renderOverview(writer, result, out.columns, out.colour);
    out.write(writer.bytes());
  }
}

/** A row for each service. */
function printServices(context: CommandContext, found: Overview, { sort, format }: PsOptions): void {
  const { out } = context;
  const unsorted = serviceRows(found.rows);
  const rows = sort === undefined ? unsorted : sortOverview(unsorted, sort);
  if (format === 'json') out.write(servicesJson(found, rows));
  else if (format === 'ndjson') for (const line of servicesNdjson(found, rows)) out.write(line);
  else {
    for (const note of notesOf(found)) writeNote(context, note);
    const writer = new ByteWriter();
    renderServices(writer, rows, out.columns, out.colour);
    out.write(writer.bytes());
  }
}

/** The notes to print beside the table; a note of several rows of one namespace is printed once. */
function notesOf({ anyContainer, lookedFor, withoutContainers, coverage, rows }: Overview): Set<string> {
  const notes = new Set<string>();
  if (!anyContainer && withoutContainers !== undefined) notes.add(withoutContainers);
  for (const note of coverage.notes)
    if (anyContainer || !lookedFor.some((line) => line.includes(note))) notes.add(note);
  const ofRows = new TargetNotes();
  const read = new Set<number>();
  for (const { netns, name, coverage: own } of rows) {
    // The rows of a namespace have the coverage of its one dump.
    if (read.has(netns)) continue;
    read.add(netns);
    ofRows.add(name, own.notes);
  }
  for (const line of ofRows.lines()) notes.add(line);
  return notes;
}
