import { durationText } from '../base/duration.ts';
import { plural } from '../base/plural.ts';
import { safeText } from '../base/safe-text.ts';
import { wrapWords } from '../base/word-wrap.ts';
import type { Diagnosis } from '../model/diagnosis.ts';
import type { Evidence, Finding, Fix } from '../model/finding.ts';
import type { ByteWriter } from './byte-writer.ts';

const USUAL_WIDTH = 100;
/** Narrower than this nothing can be read: the terminal breaks the lines then. */
const LEAST_WIDTH = 26;

/** Writes findings for a person, the worst first, and what was checked. */
export function renderDiagnosis(out: ByteWriter, diagnosis: Diagnosis, width = USUAL_WIDTH): void {
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
  if (cause !== undefined) paragraph(out, `because of ${cause.rule} above: ${cause.summary}`, '  ', width);
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
  const toFix = findings.filter(({ severity }) => severity !== 'info').length;
  const verdict = healthy
    ? findings.length === 0
      ? 'Nothing wrong was found'
      : 'Nothing that needs fixing was found'
    : plural(toFix, 'finding');
  paragraph(
    out,
    `${verdict}: ${targets.join(', ')} examined for ${seconds}, ${plural(judged.length, 'rule')} checked.`,
    '',
    width,
  );
  if (findings.length === 0) paragraph(out, `checked: ${judged.map(({ rule }) => rule).join(', ')}`, '  ', width);
  for (const { rule, needsMs } of rules.filter((checked) => !checked.judged)) {
    paragraph(out, `not judged: ${rule} needs ${durationText(needsMs)} (--for)`, '  ', width);
  }
  for (const note of coverage.notes) paragraph(out, `note: ${note}`, '  ', width);
}

function paragraph(out: ByteWriter, text: string, indent: string, width: number): void {
  for (const row of wrapWords(safeText(text), Math.max(LEAST_WIDTH, width), indent, `${indent}  `)) line(out, row);
}

function line(out: ByteWriter, text: string): void {
  out.text(`${safeText(text)}\n`);
}
