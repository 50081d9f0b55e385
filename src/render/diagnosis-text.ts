import { durationText, exactDurationText } from '../base/duration.ts';
import { plural } from '../base/plural.ts';
import { safeText } from '../base/safe-text.ts';
import { wrapWords } from '../base/word-wrap.ts';
import type { CheckedRule, Diagnosis } from '../model/finding/diagnosis.ts';
import { type Evidence, type Finding, type Fix, SEVERITIES, type Severity } from '../model/finding/finding.ts';
import type { ByteWriter } from './byte-writer.ts';
import { styled } from './terminal/paint.ts';
import type { Style } from './terminal/screen.ts';

/** How a diagnosis is written. */
export interface DiagnosisStyle {
  /** Terminal columns; undefined for 100, where the output is not a terminal. */
  width?: number | undefined;
  /** Whether severities are coloured. */
  colour?: boolean | undefined;
  /** Whether `info` findings are written in full, and checked rules listed; otherwise `info` is one line. */
  all?: boolean | undefined;
  /** Whether only the verdict is written. */
  verdictOnly?: boolean | undefined;
}

/** Columns where the output is not a terminal. */
const DEFAULT_WIDTH = 100;
/** Columns below which text is unreadable: the terminal wraps it instead. */
const MIN_WIDTH = 26;
/** Targets, and subjects of an `info` finding, that are named; further ones are counted. */
const MAX_NAMES = 6;

const STYLES: Readonly<Record<Severity, Style>> = { critical: 'bad', warning: 'warning', info: 'dim' };

/** Writes the verdict, the findings with the most severe first, and what was not checked. */
export function renderDiagnosis(out: ByteWriter, diagnosis: Diagnosis, style: DiagnosisStyle = {}): void {
  const text = new DiagnosisText(out, style);
  text.verdict(diagnosis);
  if (style.verdictOnly) return;
  const { findings } = diagnosis;
  const inFull = findings.filter(({ severity }) => style.all || severity !== 'info');
  for (const finding of inFull) text.finding(finding, findings);
  const inOneLine = findings.filter((finding) => !inFull.includes(finding));
  if (inFull.length > 0) out.ascii('\n');
  if (inOneLine.length > 0) text.infos(inOneLine);
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
  verdict({ findings, leftOut, healthy, targets, from, to, rules }: Diagnosis): void {
    const worst = findings.find(({ severity }) => severity !== 'info')?.severity;
    const hidden = SEVERITIES.filter((severity) => severity !== 'info' && leftOut?.[severity] !== undefined);
    const hiddenText = hidden
      .map((severity) => `${countText(severity, leftOut?.[severity] ?? 0)} not shown`)
      .join(', ');
    const found = SEVERITIES.flatMap((severity) => {
      const count = findings.filter((finding) => finding.severity === severity).length;
      return count === 0 || severity === 'info' ? [] : [countText(severity, count)];
    }).join(', ');
    const what = !healthy ? found : hidden.length > 0 ? 'Nothing critical found' : 'No problems found';
    const head = styled(what, worst === undefined ? 'good' : STYLES[worst], this.#style.colour === true);
    const judged = rules.filter((rule) => rule.judged).length;
    const seconds = durationText(to.getTime() - from.getTime());
    const rest = `${hiddenText === '' ? '' : ` (${hiddenText})`}: ${someOf(targets)}, sampled for ${seconds}, ${plural(judged, 'rule')} checked.`;
    // The style has no width: it is put around the words after they were wrapped.
    const [first = '', ...others] = wrapWords(safeText(what + rest), this.#width, '', '  ');
    this.#line(first.startsWith(what) ? head + first.slice(what.length) : first);
    for (const line of others) this.#line(line);
  }

  finding(finding: Finding, all: readonly Finding[]): void {
    const { severity, rule, scope, summary, confidence, causedBy, byHand } = finding;
    const head = styled(severity.toUpperCase(), STYLES[severity], this.#style.colour === true);
    this.#out.ascii('\n');
    this.#line(`${head}  ${safeText(`${rule}  ${scope.name}  (confidence: ${confidence})`)}`);
    this.#paragraph(summary, '  ');
    const cause = causedBy === undefined ? undefined : all[causedBy];
    if (cause !== undefined) this.#paragraph(`caused by ${cause.rule} ${cause.scope.name}: ${cause.summary}`, '  ');
    for (const evidence of finding.evidence) this.#paragraph(evidenceText(evidence), '    ');
    for (const fix of finding.fixes) this.#fix(fix);
    this.#paragraph(`Verify: ${byHand}`, '  ');
  }

  /** `info` findings in one line, which is wrapped: each rule with its subjects. */
  infos(findings: readonly Finding[]): void {
    const byRule = new Map<string, Set<string>>();
    for (const { rule, scope } of findings) byRule.set(rule, (byRule.get(rule) ?? new Set()).add(scope.name));
    const parts = [...byRule].map(([rule, names]) => `${rule} (${someOf([...names])})`);
    this.#paragraph(`info: ${parts.join(', ')}; --all shows them in full`, '');
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
    this.#paragraph(`Fix (${where}): ${text}`, '  ');
    for (const row of snippet?.split('\n') ?? []) this.#line(`      ${safeText(row)}`);
  }

  #paragraph(text: string, indent: string): void {
    for (const row of wrapWords(safeText(text), this.#width, indent, `${indent}  `)) this.#line(row);
  }

  /** Writes a line that is safe for a terminal. */
  #line(text: string): void {
    this.#out.text(`${text}\n`);
  }
}

/** `2 warnings`, `1 critical problem`. */
function countText(severity: Severity, count: number): string {
  return severity === 'critical' ? plural(count, 'critical problem') : plural(count, severity);
}

/** The first names, and how many there are beside them. */
function someOf(names: readonly string[]): string {
  const more = names.length - MAX_NAMES;
  return more <= 0 ? names.join(', ') : `${names.slice(0, MAX_NAMES).join(', ')} and ${more} more`;
}

/** The rules that were not judged, by the time that they need, the shortest first. */
function byTime(rules: readonly CheckedRule[]): [number, string[]][] {
  const names = new Map<number, string[]>();
  for (const { rule, needsMs, judged } of rules) {
    if (!judged) names.set(needsMs, [...(names.get(needsMs) ?? []), rule]);
  }
  return [...names].sort(([a], [b]) => a - b);
}

function evidenceText({ what, value, unit, source }: Evidence): string {
  return `${what}: ${value}${unit === undefined ? '' : unit === '%' ? '%' : ` ${unit}`}  [${source}]`;
}
