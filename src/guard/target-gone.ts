import { limitShare, limitWord } from '../model/container/limits.ts';
import type { Finding } from '../model/finding/finding.ts';
import type { NetnsSeries } from '../model/sample/series.ts';
import type { SocketSource } from '../model/socket/socket-view.ts';
import { countSubflows } from './state-counts.ts';

/** Rule of the guard alone: it watches from before the command until after it, and so notices a target that stops. */
export const TARGET_GONE = 'TARGET_GONE';

/** A target that stopped while the command ran. */
export interface GoneTarget {
  name: string;
  /** Time of its last snapshot, milliseconds since the epoch. */
  lastSeenMs: number;
  /** Whether a target of this name started again. */
  startedAgain: boolean;
}

/** The finding for a target that stopped. @param series its samples; undefined for none */
export function targetGone({ name, lastSeenMs, startedAgain }: GoneTarget, series: NetnsSeries | undefined): Finding {
  const last = series?.samples.findLast(({ sockets }) => sockets !== undefined);
  const processes = series?.samples.findLast((sample) => (sample.processes?.length ?? 0) > 0)?.processes ?? [];
  const fullest = [...processes].sort((a, b) => share(b) - share(a))[0];
  const at = new Date(lastSeenMs).toISOString();
  return {
    rule: TARGET_GONE,
    severity: 'critical',
    confidence: 'high',
    scope: { kind: 'namespace', name, target: name },
    summary: `${name} stopped while the command ran, last seen at ${at}${startedAgain ? '; it started again' : ''}`,
    title: 'A target that stopped while the command ran',
    evidence: [
      { what: 'last seen', value: at, source: 'the runtime, /proc' },
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
        text: 'its status shows why it stopped: out of memory, a crash, or a failed health check',
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
