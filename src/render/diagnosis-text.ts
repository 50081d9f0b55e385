import { exactDurationText } from '../base/duration.ts';
import { safeText } from '../base/safe-text.ts';
import { wrapWords } from '../base/word-wrap.ts';
import type { CheckedRule, Diagnosis } from '../model/finding/diagnosis.ts';
import type { Evidence, Finding, Fix } from '../model/finding/finding.ts';
import type { Problem } from '../model/finding/problem.ts';
import type { ByteWriter } from './byte-writer.ts';
import { problemLines, SEVERITY_STYLES } from './problem-text.ts';
import { coveredText, findingsOf, foundText, ignoredText, numberText, someOf } from './problem-words.ts';
import { styled } from './terminal/paint.ts';

/** How a diagnosis is written. */
export interface DiagnosisStyle {
  /** Terminal columns; undefined for 100, where the output is not a terminal. */
  width?: number | undefined;
  /** Whether severities are coloured. */
  colour?: boolean | undefined;
  /** Whether `info` is written in full, and checked rules listed; otherwise `info` is one line. */
  all?: boolean | undefined;
  /** Whether each problem's findings follow it, with all their evidence and fixes. */
  verbose?: boolean | undefined;
  /** Whether only the verdict is written. */
  verdictOnly?: boolean | undefined;
}

/** Columns where the output is not a terminal. */
const DEFAULT_WIDTH = 100;
/** Columns below which text is unreadable: the terminal wraps it instead. */
const MIN_WIDTH = 26;

/** Writes the verdict, the problems with the worst first, and what was not checked. */
export function renderDiagnosis(out: ByteWriter, diagnosis: Diagnosis, style: DiagnosisStyle = {}): void {
  const text = new DiagnosisText(out, style);
  text.verdict(diagnosis);
  if (style.verdictOnly) return;
  const { findings, problems } = diagnosis;
  const inFull = problems.filter(({ severity }) => style.all || severity !== 'info');
  for (const problem of inFull) {
    text.problem(problem, diagnosis);
    if (style.verbose) for (const index of findingsOf(problem)) text.finding(index, findings);
  }
  const inOneLine = problems.filter((problem) => !inFull.includes(problem));
  if (inFull.length > 0) out.ascii('\n');
  if (inOneLine.length > 0) text.infos(inOneLine.flatMap(findingsOf).flatMap((index) => findings[index] ?? []));
  text.ignored(diagnosis);
  text.checked(diagnosis);
}

class DiagnosisText {
  readonly #out: ByteWriter;
  readonly #width: number;
  readonly #style: DiagnosisStyle;

  constructor(out: ByteWriter, style: DiagnosisStyle) {
    this.#out = out;
    this.#width = Math.max(MIN_WIDTH, style.width ?? DEFAULT_WIDTH);
    this.#style = style;
  }

  /** One line: what was found, in which targets, in how much time. */
  verdict(diagnosis: Diagnosis): void {
    const what = foundText(diagnosis);
    const worst = diagnosis.problems.find(({ severity }) => severity !== 'info')?.severity;
    const head = styled(what, worst === undefined ? 'good' : SEVERITY_STYLES[worst], this.#style.colour === true);
    // The style has no width: it is put around the words after they were wrapped.
    const [first = '', ...others] = wrapWords(safeText(what + coveredText(diagnosis)), this.#width, '', '  ');
    this.#line(first.startsWith(what) ? head + first.slice(what.length) : first);
    for (const line of others) this.#line(line);
  }

  problem(problem: Problem, diagnosis: Diagnosis): void {
    this.#out.ascii('\n');
    const style = { width: this.#width, colour: this.#style.colour === true };
    for (const line of problemLines(problem, diagnosis, style)) this.#line(line);
  }

  finding(index: number, all: readonly Finding[]): void {
    const finding = all[index];
    if (finding === undefined) return;
    const { severity, rule, scope, summary, confidence, causedBy, byHand } = finding;
    const word = severity.toUpperCase();
    const rows = wrapWords(
      safeText(`${word}  ${rule}  ${scope.name}  (confidence: ${confidence})`),
      this.#width,
      '  ',
      '    ',
    );
    const [head = '', ...others] = rows;
    this.#out.ascii('\n');
    this.#line(
      `  ${styled(word, SEVERITY_STYLES[severity], this.#style.colour === true)}${head.slice(2 + word.length)}`,
    );
    for (const row of others) this.#line(row);
    this.#paragraph(summary, '    ');
    const cause = causedBy === undefined ? undefined : all[causedBy];
    if (cause !== undefined) this.#paragraph(`caused by ${cause.rule} ${cause.scope.name}: ${cause.summary}`, '    ');
    for (const evidence of finding.evidence) this.#paragraph(evidenceText(evidence), '      ');
    for (const fix of finding.fixes) this.#fix(fix);
    this.#paragraph(`By hand: ${byHand}`, '    ');
  }

  /** `info` findings in one line, which is wrapped: each rule with its subjects. */
  infos(findings: readonly Finding[]): void {
    const byRule = new Map<string, Set<string>>();
    for (const { rule, scope } of findings) byRule.set(rule, (byRule.get(rule) ?? new Set()).add(scope.name));
    const parts = [...byRule].map(([rule, names]) => `${rule} (${someOf([...names])})`);
    this.#paragraph(`info: ${parts.join(', ')}; --all shows them in full`, '');
  }

  /** With `all` every entry that ignores findings; else those whose time is over, where they would have hidden something. */
  ignored({ ignored = [] }: Diagnosis): void {
    for (const entry of ignored) {
      if (this.#style.all || (entry.expired && entry.findings > 0)) this.#paragraph(ignoredText(entry), '');
    }
  }

  /** Rules that were not judged, in one line with the time that they need, and what is not covered. */
  checked({ rules, coverage }: Diagnosis): void {
    const judged = rules.filter((rule) => rule.judged).map(({ rule }) => rule);
    if (this.#style.all && judged.length > 0) this.#paragraph(`checked: ${judged.join(', ')}`, '');
    const missing = byTime(rules).map(([ms, names]) => `${names.join(', ')} (--for ${exactDurationText(ms * 1000)})`);
    if (missing.length > 0) this.#paragraph(`not checked, needs more time: ${missing.join(', ')}`, '');
    for (const note of coverage.notes) this.#paragraph(`note: ${note}`, '');
  }

  #fix({ where, text, snippet }: Fix): void {
    this.#paragraph(`Fix (${where}): ${text}`, '    ');
    for (const row of snippet?.split('\n') ?? []) this.#line(`        ${safeText(row)}`);
  }

  #paragraph(text: string, indent: string): void {
    for (const row of wrapWords(safeText(text), this.#width, indent, `${indent}  `)) this.#line(row);
  }

  /** Writes a line that is safe for a terminal. */
  #line(text: string): void {
    this.#out.text(`${text}\n`);
  }
}

/** A time that was measured, as one would type it: whole seconds, below one tenths of it. */
function roundedUp(ms: number): number {
  const step = ms < 1000 ? 100 : 1000;
  return Math.ceil(ms / step) * step;
}

/** The rules that were not judged, by the time that they need, the shortest first. */
function byTime(rules: readonly CheckedRule[]): [number, string[]][] {
  const names = new Map<number, string[]>();
  for (const { rule, needsMs, judged } of rules) {
    if (judged) continue;
    const ms = roundedUp(needsMs);
    names.set(ms, [...(names.get(ms) ?? []), rule]);
  }
  return [...names].sort(([a], [b]) => a - b);
}

function evidenceText(evidence: Evidence): string {
  return `${numberText(evidence)}  [${evidence.source}]`;
}
