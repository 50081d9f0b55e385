import type { Finding } from '../../model/finding/finding.ts';
import type { RunFinding, RunMeasure } from '../../model/report/run-summary.ts';

/** States of which fewer are better. For the others neither direction is better. */
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

/** Which direction of a state's count is an improvement. */
export function betterOfState(state: string): RunMeasure['better'] {
  return UNWANTED.has(state) ? 'lower' : 'none';
}

/** The parts of findings by which runs are compared. */
export function runFindings(findings: readonly Finding[]): RunFinding[] {
  return findings.map(({ rule, severity, scope, summary }) => ({ rule, severity, scope: scope.name, summary }));
}
