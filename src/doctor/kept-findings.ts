import type { Finding } from '../model/finding/finding.ts';

/** The findings that are kept. `causedBy` is of the new order; a finding whose cause is left out has none. */
export function keptFindings(findings: readonly Finding[], isKept: (finding: Finding, index: number) => boolean) {
  /** New index of each finding, by its old one; undefined for one that is left out. */
  const indexes: (number | undefined)[] = [];
  const kept: Finding[] = [];
  for (const [index, finding] of findings.entries())
    indexes.push(isKept(finding, index) ? kept.push(finding) - 1 : undefined);
  return kept.map(({ causedBy, ...finding }): Finding => {
    const cause = causedBy === undefined ? undefined : indexes[causedBy];
    return cause === undefined ? finding : { ...finding, causedBy: cause };
  });
}
