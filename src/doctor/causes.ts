import type { Finding } from '../model/finding/finding.ts';

/** One rule's finding explains another's, when both are about the same thing. */
interface Tie {
  cause: string;
  symptom: string;
  /**
   * `about`: the same peer or port of one container. `endpoint`: the same peer of any container. `scope`: the
   * same process, container or namespace. `server`: the port of the server that the symptom talks to. `any`: the
   * same machine.
   */
  by: 'about' | 'endpoint' | 'scope' | 'server' | 'any';
}

/** What leads to a limit of descriptors. */
const DESCRIPTOR_CAUSES = [
  'CLOSE_WAIT_LEAK',
  'ZOMBIE_SOCKET_FDS',
  'FD_LEAK_BY_TYPE',
  'POOL_IDLE_CAP_ONLY',
  'POOL_OVERRUN',
  'HALF_CLOSED_HELD',
  'LIMIT_MISMATCH',
];

/** Which findings explain which. The first that fits is taken. */
const TIES: readonly Tie[] = [
  ...DESCRIPTOR_CAUSES.map((cause): Tie => ({ cause, symptom: 'NOFILE_NEAR_LIMIT', by: 'scope' })),
  { cause: 'NOFILE_NEAR_LIMIT', symptom: 'NOFILE_ACCEPT_STARVED', by: 'scope' },
  { cause: 'CLOSE_WAIT_LEAK', symptom: 'FD_LEAK_BY_TYPE', by: 'scope' },
  { cause: 'NOFILE_ACCEPT_STARVED', symptom: 'LISTEN_OVERFLOW', by: 'scope' },
  { cause: 'POOL_IDLE_CAP_ONLY', symptom: 'POOL_OVERRUN', by: 'about' },
  { cause: 'POOL_IDLE_CAP_ONLY', symptom: 'CONN_CHURN', by: 'about' },
  { cause: 'POOL_IDLE_CAP_ONLY', symptom: 'REFUSED_BY_SERVER', by: 'about' },
  { cause: 'POOL_OVERRUN', symptom: 'REFUSED_BY_SERVER', by: 'about' },
  { cause: 'POOL_IDLE_CAP_ONLY', symptom: 'POOL_ARITHMETIC', by: 'endpoint' },
  { cause: 'POOL_ARITHMETIC', symptom: 'REFUSED_BY_SERVER', by: 'endpoint' },
  { cause: 'CONN_CHURN', symptom: 'TIME_WAIT_PILEUP', by: 'about' },
  { cause: 'CONN_CHURN', symptom: 'EPHEMERAL_EXHAUSTION', by: 'about' },
  { cause: 'TIME_WAIT_PILEUP', symptom: 'EPHEMERAL_EXHAUSTION', by: 'about' },
  { cause: 'REUSEPORT_IMBALANCE', symptom: 'LISTEN_OVERFLOW', by: 'about' },
  { cause: 'BACKLOG_CLAMPED', symptom: 'LISTEN_OVERFLOW', by: 'about' },
  { cause: 'FIN_WAIT_STUCK', symptom: 'ORPHANS', by: 'any' },
  { cause: 'LISTEN_OVERFLOW', symptom: 'SYN_SENT_STUCK', by: 'server' },
  { cause: 'SYN_RECV_FLOOD', symptom: 'LISTEN_OVERFLOW', by: 'about' },
  { cause: 'SLOW_READER', symptom: 'ZERO_WINDOW_STUCK', by: 'any' },
  { cause: 'DEAD_PEER_RETRANSMIT', symptom: 'RETRANS_HIGH', by: 'about' },
  { cause: 'DEAD_PEER_RETRANSMIT', symptom: 'SEND_QUEUE_STUCK', by: 'about' },
];

/**
 * Links findings to their causes: a cause is placed directly before its symptoms, whatever their
 * severities.
 */
export function tied(findings: readonly Finding[]): Finding[] {
  const causeOf = new Map<Finding, Finding>();
  for (const finding of findings) {
    const cause = findCause(finding, findings, causeOf);
    if (cause !== undefined) causeOf.set(finding, cause);
  }
  const ordered: Finding[] = [];
  const handle = (finding: Finding): void => {
    if (ordered.includes(finding)) return;
    const cause = causeOf.get(finding);
    // A cause that comes later places its symptoms itself, this one among them.
    if (cause !== undefined) handle(cause);
    if (ordered.includes(finding)) return;
    ordered.push(finding);
    for (const [symptom, known] of causeOf) if (known === finding) handle(symptom);
  };
  for (const finding of findings) handle(finding);
  return ordered.map((finding) => {
    const cause = causeOf.get(finding);
    return cause === undefined ? finding : { ...finding, causedBy: ordered.indexOf(cause) };
  });
}

function findCause(
  finding: Finding,
  findings: readonly Finding[],
  known: ReadonlyMap<Finding, Finding>,
): Finding | undefined {
  for (const { cause, symptom, by } of TIES) {
    if (finding.rule !== symptom) continue;
    const found = findings.find(
      (other) => other.rule === cause && same(finding, other, by) && !leadsTo(finding, other, known),
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

function same(a: Finding, b: Finding, by: Tie['by']): boolean {
  if (by === 'any') return true;
  if (by === 'server') return a.server?.target === b.scope.target && b.about === `port ${a.server.port}`;
  if (by === 'endpoint') return a.about !== undefined && a.about === b.about;
  if (by === 'about') return a.about !== undefined && a.about === b.about && a.scope.container === b.scope.container;
  if (a.scope.pid !== undefined && b.scope.pid !== undefined) return a.scope.pid === b.scope.pid;
  return a.scope.target === b.scope.target;
}

/** Whether a finding is among what explains another: a circle explains nothing. */
function leadsTo(from: Finding, to: Finding, known: ReadonlyMap<Finding, Finding>): boolean {
  for (let at: Finding | undefined = to; at !== undefined; at = known.get(at)) if (at === from) return true;
  return false;
}
