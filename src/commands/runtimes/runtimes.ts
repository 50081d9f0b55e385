import { runtimeReport } from '../../collect/containers/runtime-report.ts';
import { ByteWriter } from '../../render/byte-writer.ts';
import { runtimesJson, runtimesNdjson } from '../../render/json.ts';
import { renderRuntimes } from '../../render/runtime-table.ts';
import type { CommandContext, Format } from '../context.ts';
import { writeNote } from '../notes.ts';

/** `socklens runtimes`: a row for every container runtime, found or only looked for. */
export async function runtimes(context: CommandContext, format: Format): Promise<void> {
  const { machine, out } = context;
  const report = await runtimeReport(machine);
  if (format === 'json') out.write(runtimesJson(report));
  else if (format === 'ndjson') for (const line of runtimesNdjson(report)) out.write(line);
  else {
    for (const { state, error } of report.runtimes)
      if (error !== undefined && state !== 'absent') writeNote(context, error);
    for (const note of report.coverage.notes) writeNote(context, note);
    const writer = new ByteWriter();
    renderRuntimes(writer, report.runtimes, out.columns, out.colour);
    out.write(writer.bytes());
  }
}
