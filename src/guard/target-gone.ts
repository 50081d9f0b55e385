import { limitShare, limitWord } from '../model/container/limits.ts';
import type { Finding } from '../model/finding/finding.ts';
import type { NetnsSeries } from '../model/sample/series.ts';
import type { SocketSource } from '../model/socket/socket-view.ts';
import { countSubflows } from './state-counts.ts';

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
              value: `${fullest.used} of ${limitWord(fullest.softLimit)}`,
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
  return limitShare(used, softLimit) ?? 0;
}

function statesText(sockets: SocketSource): string {
  const { byState } = countSubflows(sockets);
  const known = Object.entries(byState)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${count} ${name}`);
  return known.join(', ') || 'none';
}
