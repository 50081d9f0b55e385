import { safeText } from '../base/safe-text.ts';
import type { Recorded } from '../collect/sampling/open-source.ts';
import type { Overview } from '../model/overview.ts';
import { ByteWriter } from '../present/byte-writer.ts';
import { overviewJson, overviewNdjson } from '../present/json.ts';
import { renderOverview } from '../present/overview-table.ts';
import type { FlowContext, Format } from './context.ts';
import { overview } from './overview.ts';
import { recordedOverview } from './recorded-overview.ts';
import { recordedState } from './recorded-state.ts';

export interface PsOptions {
  all: boolean;
  numeric: boolean;
  format: Format;
  /** A recording to look into; undefined for this machine. */
  from?: Recorded | undefined;
}

/** `socklens ps`: a row for every container. */
export async function ps(context: FlowContext, options: PsOptions): Promise<void> {
  const { machine, out, err } = context;
  const result =
    options.from === undefined
      ? await overview(machine, { all: options.all, names: !options.numeric })
      : await recordedPs(options.from, !options.numeric);
  if (options.format === 'json') out.write(overviewJson(result));
  else if (options.format === 'ndjson') for (const line of overviewNdjson(result)) out.write(line);
  else {
    for (const line of remarks(result)) err.write(`socklens: ${safeText(line)}\n`);
    const writer = new ByteWriter();
    renderOverview(writer, result, out.columns);
    out.write(writer.bytes());
  }
}

async function recordedPs(from: Recorded, names: boolean): Promise<Overview> {
  const state = await recordedState(from, undefined, names);
  state.source.close();
  return recordedOverview(state, from.file);
}

/** What a person should know beside the table, each thing once, however many rows it concerns. */
function remarks({ anyContainer, lookedFor, coverage, rows }: Overview): Set<string> {
  const remarks = new Set<string>();
  if (!anyContainer) remarks.add(`no container is running; looked for ${lookedFor.join('; ')}; and in cgroup paths`);
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
