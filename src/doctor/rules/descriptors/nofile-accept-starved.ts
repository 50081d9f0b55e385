import { grouped } from '../../../base/lists.ts';
import { plural } from '../../../base/plural.ts';
import type { ProcessSample } from '../../../model/sample/sample.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import { perNamespace } from '../../per-scope.ts';
import { nofileFixes } from '../../processes/nofile-fixes.ts';
import { processHolder } from '../../processes/process-tracks.ts';
import { unfinishedRequests } from '../../processes/unfinished-requests.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { type Dump, dumpsOf } from '../../snapshots/snapshots.ts';

const settings = {
  looks: { default: 2, unit: 'count', text: 'consecutive snapshots in which both were true' },
  waiting: { default: 1, unit: 'count', text: 'fewest connections in the accept queue' },
} as const;

/** A process without a descriptor left, and connections that it cannot accept. */
export const nofileAcceptStarved = rule({
  name: 'NOFILE_ACCEPT_STARVED',
  title: 'No descriptor left to accept connections with',
  settings,
  judge: perNamespace(ofNamespace),
});

/** A listener whose process is at its limit, at one moment. */
interface Starved {
  process: ProcessSample;
  listener: StoredSocket;
  /** Connections in its accept queue. */
  waiting: number;
  /** Another process that holds the listener could accept, or only the name connects the process with it. */
  shared: boolean;
}

function ofNamespace(netns: NetnsSeries, { series }: RuleInput, values: SettingValues<typeof settings>): Fault[] {
  const both = dumpsOf(netns).filter(({ processes }) => processes !== undefined);
  const seen = both.flatMap((sample, snapshot) =>
    starvedIn(sample, values.waiting).map((starved) => ({ snapshot, starved })),
  );
  const findings: Fault[] = [];
  for (const snapshots of grouped(seen, ({ starved }) => keyOf(starved)).values()) {
    const run = longestRun(snapshots);
    const last = run.at(-1)?.starved;
    if (last === undefined || run.length < values.looks) continue;
    const { process, listener, shared } = last;
    const { sendQueue } = listener;
    const queue = run.map(({ starved }) => starved.waiting).join(' ');
    const waiting = plural(last.waiting, 'connection');
    const unfinished = unfinishedRequests(series, netns, process);
    findings.push({
      severity: 'critical',
      confidence: shared ? 'medium' : 'high',
      holder: processHolder(process),
      summary: `${process.name} (${process.pid}) uses all its ${process.softLimit} descriptors and cannot accept: ${waiting} stuck in the accept queue of port ${listener.localPort}`,
      evidence: [
        { what: 'open files', value: process.used, unit: 'descriptors', source: `/proc/${process.pid}/fd` },
        { what: 'soft limit', value: process.softLimit ?? 'unlimited', source: `/proc/${process.pid}/limits` },
        { what: 'accept queue in each snapshot', value: queue, unit: 'connections', source: 'sock_diag' },
        ...(sendQueue === undefined
          ? []
          : [{ what: 'limit of the accept queue', value: sendQueue, unit: 'connections', source: 'sock_diag' }]),
        ...unfinished.evidence,
      ],
      fixes: [
        ...unfinished.fixes,
        ...nofileFixes(series, netns, process),
        {
          where: 'the application',
          text: 'accept() answers EMFILE: close what leaks, cap what is open at once, and wait before accept() is tried again instead of looping',
        },
      ],
      byHand: (target) =>
        `socklens ls ${target} 'state listening and sport ${listener.localPort}'; socklens limits ${target}`,
      about: `port ${listener.localPort}`,
    });
  }
  return findings;
}

function starvedIn({ processes = [], sockets }: Dump, atLeast: number): Starved[] {
  const full = processes.filter(({ used, softLimit }) => softLimit !== null && used >= softLimit);
  if (full.length === 0) return [];
  const fullPids = new Set(full.map(({ pid }) => pid));
  return sockets
    .filter(
      ({ proto, state, receiveQueue = 0 }) => proto === 'tcp' && state === TCP_STATE.LISTEN && receiveQueue >= atLeast,
    )
    .flatMap((listener): Starved[] => {
      const { holders, receiveQueue: waiting = 0 } = listener;
      const shared = holders.some(({ pid }) => !fullPids.has(pid));
      const held = full.filter(({ pid }) => holders.some((holder) => holder.pid === pid));
      if (held.length > 0) return held.map((process) => ({ process, listener, waiting, shared }));
      // A recording of an earlier version has one holder of each socket.
      return full
        .filter(({ name, container }) => name === holders[0]?.name && container === listener.container)
        .map((process) => ({ process, listener, waiting, shared }));
    });
}

function keyOf({ process, listener }: Starved): string {
  return `${process.pid} ${process.startTicks} ${listener.local?.text}:${listener.localPort} ${listener.inode}`;
}

/** The most snapshots in a row in which the queue did not shrink. */
function longestRun<T extends { snapshot: number; starved: Starved }>(snapshots: readonly T[]): T[] {
  let longest: T[] = [];
  let run: T[] = [];
  for (const snapshot of snapshots) {
    const before = run.at(-1);
    const goes =
      before !== undefined &&
      snapshot.snapshot === before.snapshot + 1 &&
      snapshot.starved.waiting >= before.starved.waiting;
    run = goes ? [...run, snapshot] : [snapshot];
    if (run.length >= longest.length) longest = run;
  }
  return longest;
}
