import type { Finding } from '../../model/finding/finding.ts';
import type { RunFinding, RunMeasure } from '../../model/report/run-summary.ts';

/** States that nobody wants more of; how many are established says nothing by itself. */
const UNWANTED = new Set([
  'CLOSE_WAIT',
  'TIME_WAIT',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'LAST_ACK',
  'CLOSING',
]);

export function betterOfState(state: string): RunMeasure['better'] {
  return UNWANTED.has(state) ? 'lower' : 'none';
}

/** Findings as far as runs can share them. */
export function runFindings(findings: readonly Finding[]): RunFinding[] {
  return findings.map(({ rule, severity, scope, summary }) => ({ rule, severity, scope: scope.name, summary }));
}
