import { SCHEMA_VERSION } from './json.ts';

/**
 * Reports of limits, or of limits that were set, as JSON.
 *
 * One document for one target; for several, an object with a list of such documents.
 */
export function limitsJson(reports: readonly object[]): string {
  const [only] = reports;
  const all = reports.map((report) => ({ schema: SCHEMA_VERSION, ...report }));
  return `${JSON.stringify(only !== undefined && all.length === 1 ? all[0] : { schema: SCHEMA_VERSION, targets: all })}\n`;
}

/** A line for each target. */
export function limitsNdjson(reports: readonly object[]): string {
  return reports.map((report) => `${JSON.stringify({ type: 'limits', schema: SCHEMA_VERSION, ...report })}\n`).join('');
}
