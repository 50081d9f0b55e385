import type { Diagnosis } from '../model/finding/diagnosis.ts';
import { type Finding, SEVERITIES, type Severity } from '../model/finding/finding.ts';
import { keptFindings } from './kept-findings.ts';

/** The findings of a severity and above. What is left out is counted in `leftOut`. */
export function atSeverity(findings: readonly Finding[], least: Severity): Pick<Diagnosis, 'findings' | 'leftOut'> {
  const limit = SEVERITIES.indexOf(least);
  const isKept = ({ severity }: Finding) => SEVERITIES.indexOf(severity) <= limit;
  const leftOut: Partial<Record<Severity, number>> = {};
  for (const finding of findings) {
    if (!isKept(finding)) leftOut[finding.severity] = (leftOut[finding.severity] ?? 0) + 1;
  }
  return { findings: keptFindings(findings, isKept), ...(Object.keys(leftOut).length > 0 && { leftOut }) };
}
