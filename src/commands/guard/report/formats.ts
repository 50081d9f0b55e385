import type { GuardReport } from '../../../model/report/guard.ts';
import { guardHtml } from './guard-html.ts';
import { guardJunit } from './guard-junit.ts';
import { guardMarkdown } from './guard-markdown.ts';

const RENDERERS = {
  html: guardHtml,
  json: (report: GuardReport) => `${JSON.stringify(report)}\n`,
  xml: guardJunit,
  md: guardMarkdown,
} as const;

export type ReportFormat = keyof typeof RENDERERS;

/** The report format for a file's extension; undefined for an unknown extension. */
export function reportFormat(file: string): ReportFormat | undefined {
  const ending = /\.([A-Za-z]+)$/.exec(file)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(RENDERERS, ending) ? (ending as ReportFormat) : undefined;
}

/** Renders a report as the content of a file. */
export function renderReport(report: GuardReport, format: ReportFormat): string {
  return RENDERERS[format](report);
}
