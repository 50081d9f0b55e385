import { globMatcher } from '../base/glob.ts';
import type { Finding } from '../model/finding/finding.ts';
import type { Ignored, IgnoreEntry } from '../model/finding/ignored.ts';
import { keptFindings } from './kept-findings.ts';
import type { Replicas } from './replicas.ts';

/** What is left after the entries of the configuration, and what each of them left out. */
export interface AfterIgnoring {
  findings: Finding[];
  ignored: Ignored[];
}

/**
 * Leaves out the findings that are ignored on purpose, and those that they explain: who knows the cause knows its
 * symptoms. Each is counted at the first entry that has it.
 *
 * @param findings as `tied` orders them: `causedBy` is an index of this list
 * @param atMs when it was seen, milliseconds since the epoch: an entry that had ended by then leaves nothing out
 */
export function withoutIgnored(
  findings: readonly Finding[],
  entries: readonly IgnoreEntry[],
  replicas: Replicas,
  atMs: number,
): AfterIgnoring {
  const known = entries.map((entry) => ({
    entry,
    isExpired: entry.until !== undefined && Date.parse(entry.until) <= atMs,
    isMeant: matcher(entry, replicas),
    findings: 0,
    places: new Set<string>(),
  }));
  const inForce = known.filter(({ isExpired }) => !isExpired);
  const isKept = findings.map((finding, index) => {
    const causes = [finding, ...causesOf(index, findings)];
    const find = (among: typeof known) => among.find(({ isMeant }) => causes.some(isMeant));
    const by = find(inForce);
    const counted = by ?? find(known);
    if (counted !== undefined) {
      counted.findings++;
      counted.places.add(finding.scope.name);
    }
    return by === undefined;
  });
  return {
    findings: keptFindings(findings, (_, index) => isKept[index] === true),
    ignored: known.map(({ entry, isExpired: expired, findings: count, places }) => ({
      ...entry,
      expired,
      findings: count,
      places: [...places],
    })),
  };
}

/** What explains a finding, the nearest first. */
function causesOf(index: number, findings: readonly Finding[]): Finding[] {
  const causes: Finding[] = [];
  let cause = findings[index]?.causedBy;
  while (cause !== undefined) {
    const finding = findings[cause];
    if (finding === undefined) break;
    causes.push(finding);
    cause = finding.causedBy;
  }
  return causes;
}

/** Whether an entry means a finding: every container of a finding about several must be meant. */
function matcher({ rule, target }: IgnoreEntry, replicas: Replicas): (finding: Finding) => boolean {
  if (target === undefined) return (finding) => finding.rule === rule;
  const isMeant = globMatcher(target);
  return ({ rule: found, scope }) => {
    if (found !== rule) return false;
    const set = replicas.of(scope);
    const names = [scope.container, set?.short, set?.key];
    if (names.some((name) => name !== undefined && isMeant(name))) return true;
    return scope.target.split(',').every(isMeant);
  };
}
