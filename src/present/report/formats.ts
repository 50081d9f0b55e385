import type { GuardReport } from '../../model/guard.ts';
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

/** The format that the ending of a file's name asks for; undefined for an ending that asks for none. */
export function reportFormat(file: string): ReportFormat | undefined {
  const ending = /\.([A-Za-z]+)$/.exec(file)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(RENDERERS, ending) ? (ending as ReportFormat) : undefined;
}

/** A report as the text of a file. */
export function renderReport(report: GuardReport, format: ReportFormat): string {
  return RENDERERS[format](report);
}
