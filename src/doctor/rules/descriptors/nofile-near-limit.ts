import { perMinute, timeLeftMs } from '../../../base/slope.ts';
import { limitShare } from '../../../model/container/limits.ts';
import type { Evidence } from '../../../model/finding/finding.ts';
import { type ProcessTrack, perProcess } from '../../per-scope.ts';
import { heldGroups } from '../../processes/held-sockets.ts';
import { nofileFixes } from '../../processes/nofile-fixes.ts';
import { fullestSnapshot, type ProcessSnapshot, processHolder } from '../../processes/process-tracks.ts';
import { unfinishedRequests } from '../../processes/unfinished-requests.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { dumpAt } from '../../snapshots/snapshots.ts';
import { covers, spanOf } from '../../snapshots/windows.ts';
import { duration, percent } from '../../texts.ts';

const settings = {
  warning: { default: 0.8, unit: 'share', text: 'of the soft limit in use' },
  critical: { default: 0.95, unit: 'share', text: 'of the soft limit in use' },
  criticalLeft: { default: 32, unit: 'count', text: 'fewer descriptors left than this are critical' },
  forecastWindowMs: { default: 300_000, unit: 'ms', text: 'how long growth must last before it is extrapolated' },
  forecastHorizonMs: { default: 1_800_000, unit: 'ms', text: 'a limit reached within this time is a warning' },
} as const;

/** So much less at the end, as a share of the limit, is worth telling. */
const OVER = 0.05;

type Values = SettingValues<typeof settings>;

/** Open files close to the soft limit, or on the way there. */
export const nofileNearLimit = rule({
  name: 'NOFILE_NEAR_LIMIT',
  title: 'Open files of a process close to its limit',
  settings,
  // One snapshot shows what is near now; only the forecast needs its window, and is left out without it.
  judge: perProcess(ofProcess),
});

function ofProcess({ netns, snapshots }: ProcessTrack, { series }: RuleInput, values: Values): Fault[] {
  const fullest = fullestSnapshot(snapshots);
  const process = fullest?.process;
  const limit = process?.softLimit;
  if (fullest === undefined || process === undefined || limit === undefined || limit === null || limit <= 0) return [];
  const { used, hardLimit } = process;
  const share = limitShare(used, limit) ?? 0;
  const critical = share >= values.critical || limit - used < values.criticalLeft;
  const near = critical || share >= values.warning;
  const forecastMs = forecast(snapshots, limit, values);
  if (!near && (forecastMs === undefined || forecastMs > values.forecastHorizonMs)) return [];
  const last = snapshots.at(-1)?.process.used ?? used;
  const over = used - last > limit * OVER;
  const amount = `${over ? 'had up to' : 'has'} ${used} of ${limit} open files (${percent(share)})`;
  const now = `${process.name} (${process.pid}) ${amount}${over ? `, ${last} at the end` : ''}`;
  const dump = dumpAt(netns, fullest.atMs);
  const most = dump && heldGroups(netns, series.names, dump, process).find(({ count }) => count * 2 > used);
  const evidence: Evidence[] = [
    { what: 'open files', value: used, unit: 'descriptors', source: `/proc/${process.pid}/fd` },
    { what: 'soft limit', value: limit, unit: 'descriptors', source: `/proc/${process.pid}/limits` },
    { what: 'hard limit', value: hardLimit ?? 'unlimited', source: `/proc/${process.pid}/limits` },
    ...growth(snapshots, limit),
  ];
  if (most !== undefined) {
    evidence.push({ what: `${most.text}, mostly ${most.state}`, value: most.count, source: 'sock_diag' });
  }
  const unfinished = unfinishedRequests(series, netns, process);
  evidence.push(...unfinished.evidence);
  return [
    {
      severity: critical ? 'critical' : 'warning',
      confidence: near ? 'high' : 'medium',
      holder: processHolder(process),
      summary: near ? now : `${now} and reaches the limit in about ${duration(forecastMs ?? 0)} if it goes on growing`,
      evidence,
      fixes: [
        ...unfinished.fixes,
        ...nofileFixes(series, netns, process),
        {
          where: 'the application',
          text: 'a higher limit only buys time where descriptors leak: see which kind grows (FD_LEAK_BY_TYPE), and cap pools',
        },
      ],
      byHand: (target) => `socklens limits ${target}`,
      ...(most !== undefined && { about: most.about }),
    },
  ];
}

function readings(snapshots: readonly ProcessSnapshot[]) {
  return snapshots.map(({ atMs, process }) => ({ atMs, value: process.used }));
}

/**
 * When the limit is reached, counted from the last snapshot; undefined when the run is shorter than the window,
 * or nothing grows. The second half of the window has to grow as well: a pool that is full stops growing.
 */
function forecast(
  snapshots: readonly ProcessSnapshot[],
  limit: number,
  { forecastWindowMs }: Values,
): number | undefined {
  const toMs = snapshots.at(-1)?.atMs ?? 0;
  if (!covers(spanOf(snapshots), forecastWindowMs)) return undefined;
  const within = (ms: number) => readings(snapshots.filter(({ atMs }) => atMs >= toMs - ms));
  const slope = Math.min(perMinute(within(forecastWindowMs)) ?? 0, perMinute(within(forecastWindowMs / 2)) ?? 0);
  return timeLeftMs(snapshots.at(-1)?.process.used ?? 0, limit, slope);
}

/** How it grew during the run, and the time that this leaves; nothing where it did not grow. */
function growth(snapshots: readonly ProcessSnapshot[], limit: number): Evidence[] {
  const slope = perMinute(readings(snapshots));
  if (slope === undefined || slope <= 0) return [];
  const leftMs = timeLeftMs(snapshots.at(-1)?.process.used ?? 0, limit, slope) ?? 0;
  const seen = duration((snapshots.at(-1)?.atMs ?? 0) - (snapshots[0]?.atMs ?? 0));
  const source = `${snapshots.length} snapshots in ${seen}`;
  return [
    { what: 'growth', value: Number(slope.toFixed(1)), unit: 'descriptors a minute', source },
    { what: 'time left at this pace', value: Math.round(leftMs / 1000), unit: 's', source },
  ];
}
