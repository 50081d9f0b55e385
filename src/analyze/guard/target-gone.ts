import type { Finding } from '../../model/finding.ts';
import type { NetnsSeries } from '../../model/series.ts';
import { stateName } from '../../model/tcp-state.ts';

/** The rule that only a guard can apply: whoever watches from before to after sees a target end. */
export const TARGET_GONE = 'TARGET_GONE';

/** A target that was there before the command and was gone before it ended. */
export interface GoneTarget {
  name: string;
  /** Milliseconds since the epoch: the last look that had it. */
  lastSeenMs: number;
  /** Whether one of this name came again. */
  cameAgain: boolean;
}

/** What is found of a target that ended. @param series what was seen of it; undefined for nothing */
export function targetGone({ name, lastSeenMs, cameAgain }: GoneTarget, series: NetnsSeries | undefined): Finding {
  const last = series?.samples.findLast(({ sockets }) => sockets !== undefined);
  const processes = series?.samples.findLast((sample) => (sample.processes?.length ?? 0) > 0)?.processes ?? [];
  const fullest = [...processes].sort((a, b) => share(b) - share(a))[0];
  const at = new Date(lastSeenMs).toISOString();
  return {
    rule: TARGET_GONE,
    severity: 'critical',
    confidence: 'high',
    scope: { kind: 'namespace', name, target: name },
    summary: `${name} ended while the command ran; it was seen last at ${at}${cameAgain ? ', and came again' : ''}`,
    evidence: [
      { what: 'seen last', value: at, source: 'the runtime, /proc' },
      ...(last?.sockets === undefined
        ? []
        : [{ what: 'sockets then', value: statesText(last.sockets), source: last.source ?? 'sock_diag' }]),
      ...(fullest === undefined
        ? []
        : [
            {
              what: `descriptors of ${fullest.pid}/${fullest.name} then`,
              value: `${fullest.used} of ${fullest.softLimit ?? 'unlimited'}`,
              source: '/proc/PID/fd, /proc/PID/limits',
            },
          ]),
    ],
    fixes: [
      {
        where: 'the runtime',
        text: 'its status tells why it ended: killed for memory, crashed, or failed its health check',
        snippet: `docker inspect -f '{{.State.Status}} {{.State.ExitCode}} oom={{.State.OOMKilled}}' ${name}`,
      },
    ],
    byHand: 'docker ps -a; journalctl -k | grep -i oom',
  };
}

function share({ used, softLimit }: { used: number; softLimit: number | null }): number {
  return softLimit === null ? 0 : used / softLimit;
}

function statesText(sockets: readonly { proto: string; state: number }[]): string {
  const counts = new Map<string, number>();
  for (const { proto, state } of sockets) {
    if (proto === 'tcp') counts.set(stateName(state), (counts.get(stateName(state)) ?? 0) + 1);
  }
  const known = [...counts].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${count} ${name}`);
  return known.join(', ') || 'none';
}
