import { ByteWriter } from '../present/byte-writer.ts';
import { overviewJson, overviewNdjson } from '../present/json.ts';
import { renderOverview } from '../present/overview-table.ts';
import { safeText } from '../present/safe-text.ts';
import type { FlowContext, Format } from './context.ts';
import { writeNotes } from './notes.ts';
import { overview } from './overview.ts';

export interface PsOptions {
  all: boolean;
  numeric: boolean;
  format: Format;
}

/** `socklens ps`: a row for every container. */
export async function ps(context: FlowContext, options: PsOptions): Promise<void> {
  const { machine, out, err } = context;
  const result = await overview(machine, { all: options.all, names: !options.numeric });
  if (options.format === 'json') out.write(overviewJson(result));
  else if (options.format === 'ndjson') for (const line of overviewNdjson(result)) out.write(line);
  else {
    if (!result.anyContainer) {
      err.write(
        `socklens: no container is running; looked for ${safeText(result.lookedFor.join('; '))}; and in cgroup paths\n`,
      );
    }
    writeNotes(context, result.coverage);
    for (const row of result.rows) writeNotes(context, row.coverage, row.name);
    const writer = new ByteWriter();
    renderOverview(writer, result, out.columns);
    out.write(writer.bytes());
  }
}
