import { durationText } from '../base/duration.ts';
import { plural } from '../base/plural.ts';
import { safeText } from '../base/safe-text.ts';
import { wrapWords } from '../base/word-wrap.ts';
import type { Diagnosis } from '../model/finding/diagnosis.ts';
import type { Evidence, Finding, Fix } from '../model/finding/finding.ts';
import type { ByteWriter } from './byte-writer.ts';

/** Columns where the output is not a terminal. */
const DEFAULT_WIDTH = 100;
/** Columns below which text is unreadable: the terminal wraps it instead. */
const MIN_WIDTH = 26;

/** Writes findings as text, the most severe first, then what was checked. */
export function renderDiagnosis(out: ByteWriter, diagnosis: Diagnosis, width = DEFAULT_WIDTH): void {
  const { findings } = diagnosis;
  findings.forEach((finding, index) => {
    if (index > 0) out.ascii('\n');
    renderFinding(out, finding, findings, width);
  });
  if (findings.length > 0) out.ascii('\n');
  renderChecked(out, diagnosis, width);
}

function renderFinding(out: ByteWriter, finding: Finding, all: readonly Finding[], width: number): void {
  const { severity, rule, scope, summary, confidence, causedBy, byHand } = finding;
  line(out, `${severity.toUpperCase()}  ${rule}  ${scope.name}  (confidence: ${confidence})`);
  paragraph(out, summary, '  ', width);
  const cause = causedBy === undefined ? undefined : all[causedBy];
  if (cause !== undefined) paragraph(out, `caused by ${cause.rule} above: ${cause.summary}`, '  ', width);
  for (const evidence of finding.evidence) paragraph(out, evidenceText(evidence), '    ', width);
  for (const fix of finding.fixes) renderFix(out, fix, width);
  paragraph(out, `Verify: ${byHand}`, '  ', width);
}

function evidenceText({ what, value, unit, source }: Evidence): string {
  return `${what}: ${value}${unit === undefined ? '' : unit === '%' ? '%' : ` ${unit}`}  [${source}]`;
}

function renderFix(out: ByteWriter, { where, text, snippet }: Fix, width: number): void {
  paragraph(out, `Fix (${where}): ${text}`, '  ', width);
  for (const row of snippet?.split('\n') ?? []) line(out, `      ${row}`);
}

function renderChecked(out: ByteWriter, diagnosis: Diagnosis, width: number): void {
  const { rules, healthy, findings, targets, coverage } = diagnosis;
  const judged = rules.filter((rule) => rule.judged);
  const seconds = durationText(diagnosis.to.getTime() - diagnosis.from.getTime());
  const problems = findings.filter(({ severity }) => severity !== 'info').length;
  const verdict = healthy
    ? findings.length === 0
      ? 'No problems found'
      : 'No problems found that need a fix'
    : plural(problems, 'finding');
  paragraph(
    out,
    `${verdict}: ${targets.join(', ')}, sampled for ${seconds}, ${plural(judged.length, 'rule')} checked.`,
    '',
    width,
  );
  if (findings.length === 0) paragraph(out, `checked: ${judged.map(({ rule }) => rule).join(', ')}`, '  ', width);
  for (const { rule, needsMs } of rules.filter((checked) => !checked.judged)) {
    paragraph(out, `not checked: ${rule} needs ${durationText(needsMs)} (--for)`, '  ', width);
  }
  for (const note of coverage.notes) paragraph(out, `note: ${note}`, '  ', width);
}

function paragraph(out: ByteWriter, text: string, indent: string, width: number): void {
  for (const row of wrapWords(safeText(text), Math.max(MIN_WIDTH, width), indent, `${indent}  `)) line(out, row);
}

function line(out: ByteWriter, text: string): void {
  out.text(`${safeText(text)}\n`);
}
