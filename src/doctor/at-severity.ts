import type { Diagnosis } from '../model/finding/diagnosis.ts';
import { SEVERITIES, type Severity } from '../model/finding/finding.ts';

/**
 * A diagnosis with the findings of a severity and above. What is left out is counted in `leftOut`; a finding whose cause
 * is left out has no `causedBy`; `healthy` is that of the findings that stay.
 */
export function atSeverity(diagnosis: Diagnosis, least: Severity): Diagnosis {
  const limit = SEVERITIES.indexOf(least);
  const isKept = (severity: Severity) => SEVERITIES.indexOf(severity) <= limit;
  const leftOut: Partial<Record<Severity, number>> = {};
  /** New index of each finding, by its old one; undefined for one that is left out. */
  const indexes: (number | undefined)[] = [];
  let kept = 0;
  for (const { severity } of diagnosis.findings) {
    if (isKept(severity)) indexes.push(kept++);
    else {
      indexes.push(undefined);
      leftOut[severity] = (leftOut[severity] ?? 0) + 1;
    }
  }
  const findings = diagnosis.findings
    .filter(({ severity }) => isKept(severity))
    .map(({ causedBy, ...finding }) => {
      const cause = causedBy === undefined ? undefined : indexes[causedBy];
      return cause === undefined ? finding : { ...finding, causedBy: cause };
    });
  return {
    ...diagnosis,
    findings,
    healthy: !findings.some(({ severity }) => severity !== 'info'),
    ...(Object.keys(leftOut).length > 0 && { leftOut }),
  };
}
