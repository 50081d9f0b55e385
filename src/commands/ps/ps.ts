import { safeText } from '../../base/safe-text.ts';
import type { Overview } from '../../model/report/overview.ts';
import { overview } from '../../queries/overview.ts';
import { ByteWriter } from '../../render/byte-writer.ts';
import { overviewJson, overviewNdjson } from '../../render/json.ts';
import { renderOverview } from '../../render/overview-table.ts';
import { openSnapshot } from '../../sources/open-snapshot.ts';
import type { Recorded } from '../../sources/open-source.ts';
import type { CommandContext, Format } from '../context.ts';

export interface PsOptions {
  all: boolean;
  numeric: boolean;
  format: Format;
  /** A recording to look into; undefined for this machine. */
  from?: Recorded | undefined;
}

/** `socklens ps`: a row for every container. */
export async function ps(context: CommandContext, options: PsOptions): Promise<void> {
  const { machine, out, err } = context;
  const snapshot = await openSnapshot(machine, { all: options.all, from: options.from });
  const result = await overview(snapshot, { names: !options.numeric }).finally(() => snapshot.close());
  if (options.format === 'json') out.write(overviewJson(result));
  else if (options.format === 'ndjson') for (const line of overviewNdjson(result)) out.write(line);
  else {
    for (const line of remarks(result)) err.write(`socklens: ${safeText(line)}\n`);
    const writer = new ByteWriter();
    renderOverview(writer, result, out.columns);
    out.write(writer.bytes());
  }
}

/** What a person should know beside the table, each thing once, however many rows it concerns. */
function remarks({ anyContainer, lookedFor, withoutContainers, coverage, rows }: Overview): Set<string> {
  const remarks = new Set<string>();
  if (!anyContainer && withoutContainers !== undefined) remarks.add(withoutContainers);
  for (const note of coverage.notes)
    if (anyContainer || !lookedFor.some((line) => line.includes(note))) remarks.add(note);
  const whole = new Map<number, Set<string>>();
  for (const row of rows) {
    const told = whole.get(row.netns) ?? new Set();
    whole.set(row.netns, told);
    for (const note of row.coverage.notes) {
      if (!told.has(note)) remarks.add(`${row.name}: ${note}`);
      told.add(note);
    }
  }
  return remarks;
}
