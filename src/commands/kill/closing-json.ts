import type { ReportHeader } from '../../model/report/report.ts';
import type { InetSocketRow } from '../../model/socket/socket-row.ts';
import { headText, SCHEMA_VERSION } from '../../render/json.ts';

/** The matching sockets of one target and the outcome for each. */
export interface ClosingReport {
  report: ReportHeader;
  dryRun: boolean;
  /** Descriptors that refer to the sockets before closing, and to the closed ones after it; absent where nothing was. */
  descriptors: { before: number; after?: number };
  closing: readonly {
    row: InetSocketRow;
    /** Absent for a dry run. */
    outcome?: { kind: 'closed' | 'gone' | 'refused'; reason?: string };
  }[];
}

/** One document for one target; for several, an object with a list of such documents. */
export function closingJson(reports: readonly ClosingReport[]): string {
  const [only] = reports;
  const all = reports.map((report) => ({
    schema: SCHEMA_VERSION,
    ...header(report),
    sockets: report.closing.map(socket),
  }));
  return `${headText(only !== undefined && all.length === 1 ? all[0] : { schema: SCHEMA_VERSION, targets: all })}\n`;
}

/** A line `target` for each target, then a line `socket` for each of its sockets. */
export function* closingNdjson(reports: readonly ClosingReport[]): Iterable<string> {
  for (const report of reports) {
    yield `${headText({ type: 'target', schema: SCHEMA_VERSION, ...header(report) })}\n`;
    const target = report.report.target.name;
    for (const one of report.closing) yield `${JSON.stringify({ type: 'socket', target, ...socket(one) })}\n`;
  }
}

function header({ report: { target, takenAt, source, coverage }, dryRun, descriptors }: ClosingReport) {
  return { target, takenAt, source, coverage, dryRun, descriptors };
}

function socket({ row, outcome }: ClosingReport['closing'][number]) {
  const reason = outcome?.reason;
  return { ...row, outcome: outcome?.kind ?? null, ...(reason !== undefined && { reason }) };
}
