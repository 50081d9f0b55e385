import type { GuardReport } from '../../../model/report/guard.ts';
import type { Renderers } from '../../report-files.ts';
import { guardHtml } from './guard-html.ts';
import { guardJunit } from './guard-junit.ts';
import { guardMarkdown } from './guard-markdown.ts';

/** The extensions of {@link GUARD_REPORTS}. */
export const GUARD_FORMATS = '.html, .json, .xml (JUnit) or .md';

/** A report as the content of a file, by its extension. */
export const GUARD_REPORTS: Renderers<GuardReport> = {
  html: guardHtml,
  json: (report) => `${JSON.stringify(report)}\n`,
  xml: guardJunit,
  md: guardMarkdown,
};
