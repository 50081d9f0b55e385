import type { Diagnosis } from '../model/finding/diagnosis.ts';
import type { Overview, OverviewRow } from '../model/report/overview.ts';
import type { GroupReport, ReportHeader, SocketReport } from '../model/report/report.ts';
import type { RuntimeReport } from '../model/report/runtime-report.ts';
import type { ServiceRow } from '../model/report/service-rows.ts';
import { type RowContext, socketRow } from '../model/socket/make-socket-row.ts';

/** Version of every JSON document (`docs/json-schema.md`). Raised when a key changes its meaning or is removed. */
export const SCHEMA_VERSION = 1;

/** Pieces of text to write in order; a document can be larger than the largest string. */
export type Pieces = Iterable<string>;

/** Approximate size of a piece, in characters. */
const PIECE = 64 * 1024;

/** One document for one target; for several, an object with a list of such documents. Limited lists have `total`. */
export function* socketsJson(
  reports: readonly SocketReport[],
  contextOf: (report: SocketReport) => RowContext,
): Pieces {
  yield* documents(reports, function* (report) {
    yield `${headerJson(report)},"sockets":[`;
    yield* listed(report, contextOf(report), ',');
    yield report.total === undefined ? ']}' : `],"total":{"sockets":${report.total}}}`;
  });
}

/** One document for one target; for several, an object with a list of such documents. */
export function* groupsJson(reports: readonly GroupReport[]): Pieces {
  yield* documents(reports, function* (report) {
    yield `${headerJson(report)},"groups":${JSON.stringify(report.groups)},"total":${JSON.stringify(report.total)}}`;
  });
}

/** A line `target` for each target, then a line `socket` for each of its sockets. */
export function* socketsNdjson(
  reports: readonly SocketReport[],
  contextOf: (report: SocketReport) => RowContext,
): Pieces {
  for (const report of reports) {
    yield `${headerJson(report, 'target')}}\n`;
    const prefix = `{"type":"socket","target":${JSON.stringify(report.target.name)},`;
    const lines = listed(report, contextOf(report), '\n', prefix);
    yield* lines;
    if (lines.length > 0) yield '\n';
    if (report.total !== undefined)
      yield `${JSON.stringify({ type: 'total', target: report.target.name, sockets: report.total })}\n`;
  }
}

/** For each target a line `target`, a line `group` for each group, and a line `total`. */
export function* groupsNdjson(reports: readonly GroupReport[]): Pieces {
  for (const report of reports) {
    yield `${headerJson(report, 'target')}}\n`;
    for (const group of report.groups) {
      yield `${JSON.stringify({ type: 'group', target: report.target.name, ...group })}\n`;
    }
    yield `${JSON.stringify({ type: 'total', target: report.target.name, ...report.total })}\n`;
  }
}

/**
 * JSON of anything with targets. A namespace whose inode may not be read has no `netns`: the negative number that stands
 * for it inside the program means nothing to a reader.
 */
export function headText(value: unknown): string {
  return JSON.stringify(value, (key, one: unknown) =>
    key === 'netns' && typeof one === 'number' && one < 0 ? undefined : one,
  );
}

/** The rows of `ps` as one document. */
export function overviewJson(overview: Overview): string {
  const { takenAt, rows, lookedFor, coverage } = overview;
  return `${headText({ schema: SCHEMA_VERSION, takenAt, lookedFor, coverage, containers: rows })}\n`;
}

/** The rows of `ps --by service` as one document. */
export function servicesJson({ takenAt, lookedFor, coverage }: Overview, services: readonly ServiceRow[]): string {
  return `${JSON.stringify({ schema: SCHEMA_VERSION, takenAt, lookedFor, coverage, services })}\n`;
}

/** A line `overview`, then a line `service` for each row. */
export function* servicesNdjson({ takenAt, lookedFor, coverage }: Overview, services: readonly ServiceRow[]): Pieces {
  yield `${JSON.stringify({ type: 'overview', schema: SCHEMA_VERSION, takenAt, lookedFor, coverage })}\n`;
  for (const row of services) yield `${JSON.stringify({ type: 'service', ...row })}\n`;
}

/** A line `overview`, then a line `container` for each row. */
export function* overviewNdjson(overview: Overview): Pieces {
  const { takenAt, lookedFor, coverage } = overview;
  yield `${JSON.stringify({ type: 'overview', schema: SCHEMA_VERSION, takenAt, lookedFor, coverage })}\n`;
  for (const row of overview.rows)
    yield `${headText({ type: 'container', ...row } satisfies OverviewRow & { type: string })}\n`;
}

/** The answer of `runtimes` as one document. */
export function runtimesJson({ takenAt, runtimes, coverage }: RuntimeReport): string {
  return `${JSON.stringify({ schema: SCHEMA_VERSION, takenAt, coverage, runtimes })}\n`;
}

/** A line `runtimes`, then a line `runtime` for each row. */
export function* runtimesNdjson({ takenAt, runtimes, coverage }: RuntimeReport): Pieces {
  yield `${JSON.stringify({ type: 'runtimes', schema: SCHEMA_VERSION, takenAt, coverage })}\n`;
  for (const row of runtimes) yield `${JSON.stringify({ type: 'runtime', ...row })}\n`;
}

/** The header of a document without its closing brace, so that the list can follow in pieces. */
function headerJson(report: ReportHeader, type?: string): string {
  const { target, takenAt, source, sources, owners, coverage } = report;
  return headText({
    ...(type !== undefined && { type }),
    schema: SCHEMA_VERSION,
    target,
    takenAt,
    source,
    sources,
    owners,
    coverage,
  }).slice(0, -1);
}

function* documents<T>(reports: readonly T[], one: (report: T) => Pieces): Pieces {
  const [only] = reports;
  if (reports.length === 1 && only !== undefined) yield* one(only);
  else {
    yield `{"schema":${SCHEMA_VERSION},"targets":[`;
    let first = true;
    for (const report of reports) {
      if (!first) yield ',';
      first = false;
      yield* one(report);
    }
    yield ']}';
  }
  yield '\n';
}

/** The rows of a report, joined into pieces. */
function listed(report: SocketReport, context: RowContext, separator: string, prefix = '{'): string[] {
  const pieces: string[] = [];
  let piece = '';
  let first = true;
  report.sockets.each((socket) => {
    if (!first) piece += separator;
    first = false;
    piece += prefix + JSON.stringify(socketRow(socket, context)).slice(1);
    if (piece.length < PIECE) return;
    pieces.push(piece);
    piece = '';
  });
  if (piece !== '') pieces.push(piece);
  return pieces;
}

/** A diagnosis as one JSON document. */
export function diagnosisJson({ targets, ...diagnosis }: Diagnosis): string {
  return `${headText({ schema: SCHEMA_VERSION, target: targets.join(','), targets, ...diagnosis })}\n`;
}

/** A line `diagnosis`, then a line `problem` for each problem and a line `finding` for each finding. */
export function diagnosisNdjson({ problems, findings, targets, ...diagnosis }: Diagnosis): string {
  const first = { type: 'diagnosis', schema: SCHEMA_VERSION, target: targets.join(','), targets, ...diagnosis };
  const lines = [
    first,
    ...problems.map((problem) => ({ type: 'problem', ...problem })),
    ...findings.map((finding) => ({ type: 'finding', ...finding })),
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/**
 * Reports of limits, or of limits that were set: one document for one target; for several, an object with a list of
 * such documents.
 */
export function limitsJson(reports: readonly object[]): string {
  const [only] = reports;
  const all = reports.map((report) => ({ schema: SCHEMA_VERSION, ...report }));
  return `${headText(only !== undefined && all.length === 1 ? all[0] : { schema: SCHEMA_VERSION, targets: all })}\n`;
}

/** A line for each target. */
export function limitsNdjson(reports: readonly object[]): string {
  return reports.map((report) => `${headText({ type: 'limits', schema: SCHEMA_VERSION, ...report })}\n`).join('');
}
