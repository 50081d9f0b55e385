import { timeLeftMs } from '../../../base/slope.ts';
import type { Evidence } from '../../../model/finding/finding.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import { type ProcessTrack, perProcess } from '../../per-scope.ts';
import { descriptorClass } from '../../processes/descriptor-classes.ts';
import { type HeldGroup, heldGroups } from '../../processes/held-sockets.ts';
import { type ProcessSnapshot, processHolder } from '../../processes/process-tracks.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { dumpsOf, riseOf } from '../../snapshots/snapshots.ts';
import { evenlySpaced } from '../../snapshots/windows.ts';
import { duration } from '../../texts.ts';

const settings = {
  windowMs: { default: 600_000, unit: 'ms', text: 'how long growth must last' },
  looks: { default: 5, unit: 'count', text: 'snapshots, evenly spread over the window, that each saw more' },
  rise: { default: 50, unit: 'count', text: 'growth of one kind, in descriptors' },
  share: { default: 0.2, unit: 'share', text: 'growth of one kind, relative to its start' },
  loadRise: { default: 0.2, unit: 'share', text: 'growth of accepted connections a second that explains it' },
} as const;

type Values = SettingValues<typeof settings>;

/** Descriptors of one kind that keep growing while the load does not. */
export const fdLeakByType = rule({
  name: 'FD_LEAK_BY_TYPE',
  title: 'Descriptors of one kind that keep growing',
  settings,
  needsMs: ({ windowMs }) => windowMs,
  needsSnapshots: ({ looks }) => looks + 1,
  judge: perProcess(ofProcess),
});

function ofProcess(track: ProcessTrack, { series }: RuleInput, values: Values): Fault[] {
  const { netns } = track;
  const snapshots = evenlySpaced(
    track.snapshots.filter(({ process }) => process.kinds !== undefined),
    values.windowMs,
    values.looks,
  );
  const first = snapshots?.[0];
  if (snapshots === undefined || first === undefined) return [];
  const load = loadRise(netns, first.atMs);
  if (load !== undefined && load > values.loadRise) return [];
  const kinds = Object.keys(snapshots.at(-1)?.process.kinds?.byKind ?? {});
  return kinds
    .filter((kind) => leaks(counts(snapshots, kind), values))
    .map((kind) => faultOf(netns, series, snapshots, kind, load));
}

function counts(snapshots: readonly ProcessSnapshot[], kind: string): number[] {
  return snapshots.map(({ process }) => process.kinds?.byKind[kind] ?? 0);
}

function leaks(seen: readonly number[], { rise, share }: Values): boolean {
  const first = seen[0] ?? 0;
  const last = seen.at(-1) ?? 0;
  const always = seen.every((count, index) => index === 0 || count > (seen[index - 1] ?? 0));
  return always && last - first >= rise && last - first >= first * share;
}

/**
 * By which share more connections a second were accepted in the second half of the time than in the
 * first; undefined where the counter was not read, or nothing was accepted.
 */
function loadRise(netns: NetnsSeries, fromMs: number): number | undefined {
  const samples = netns.samples.filter(({ atMs }) => atMs >= fromMs);
  const middleMs = (fromMs + (samples.at(-1)?.atMs ?? fromMs)) / 2;
  const rate = (part: typeof samples) => {
    const rise = riseOf({ ...netns, samples: part }, 'TcpPassiveOpens');
    return rise === undefined || rise.ms === 0 ? undefined : rise.rise / rise.ms;
  };
  const before = rate(samples.filter(({ atMs }) => atMs <= middleMs));
  const after = rate(samples.filter(({ atMs }) => atMs >= middleMs));
  if (before === undefined || after === undefined) return undefined;
  if (before === 0) return after === 0 ? undefined : Number.POSITIVE_INFINITY;
  return after / before - 1;
}

function faultOf(
  netns: NetnsSeries,
  series: Series,
  snapshots: readonly ProcessSnapshot[],
  kind: string,
  load: number | undefined,
): Fault {
  const seen = counts(snapshots, kind);
  const first = snapshots[0]?.atMs ?? 0;
  const last = snapshots.at(-1) as ProcessSnapshot;
  const { process } = last;
  const ms = last.atMs - first;
  const { noun, advice } = descriptorClass(kind);
  const rise = (seen.at(-1) ?? 0) - (seen[0] ?? 0);
  const slope = (rise / ms) * 60_000;
  const leftMs = timeLeftMs(process.used, process.softLimit ?? Number.POSITIVE_INFINITY, slope);
  const grown = kind === 'tcp' ? grownMost(netns, series, first, process.pid) : undefined;
  const evidence: Evidence[] = [
    { what: `${noun} in each snapshot`, value: seen.join(' '), source: `/proc/${process.pid}/fd` },
    {
      what: 'growth',
      value: Number(slope.toFixed(1)),
      unit: 'descriptors a minute',
      source: `/proc/${process.pid}/fd`,
    },
    { what: 'open files in all', value: process.used, unit: 'descriptors', source: `/proc/${process.pid}/fd` },
  ];
  if (leftMs !== undefined) {
    const source = `/proc/${process.pid}/limits`;
    evidence.push({ what: 'time left to the soft limit', value: Math.round(leftMs / 1000), unit: 's', source });
  }
  if (load !== undefined) {
    const value = Math.round(load * 100);
    evidence.push({ what: 'change of accepted connections a second', value, unit: '%', source: 'TcpPassiveOpens' });
  }
  if (grown !== undefined) {
    evidence.push({ what: `${grown.text}, mostly ${grown.state}`, value: grown.count, source: 'sock_diag' });
  }
  return {
    severity: 'warning',
    confidence: load === undefined ? 'medium' : 'high',
    holder: processHolder(process),
    summary: `${process.name} (${process.pid}) holds ${rise} more ${noun} than ${duration(ms)} ago (${seen[0]} to ${seen.at(-1)})${grown === undefined ? '' : `, mostly ${grown.text}`}, without more load`,
    evidence,
    fixes: [{ where: 'the application', text: advice }],
    byHand: (target) => (kind === 'tcp' ? `socklens watch ${target} --by process,peer` : `socklens limits ${target}`),
    ...(grown !== undefined && { about: grown.about }),
  };
}

/** The connections of a process that grew most; undefined without two dumps, or when none grew. */
function grownMost(netns: NetnsSeries, { names }: Series, fromMs: number, pid: number): HeldGroup | undefined {
  const dumps = dumpsOf(netns).filter(({ atMs }) => atMs >= fromMs);
  const [before, after] = [dumps[0], dumps.at(-1)];
  if (before === undefined || after === undefined) return undefined;
  const holder = { pid };
  const counted = new Map(heldGroups(netns, names, before, holder).map(({ about, count }) => [about, count]));
  const grown = (group: HeldGroup) => group.count - (counted.get(group.about) ?? 0);
  const [most] = heldGroups(netns, names, after, holder).sort((a, b) => grown(b) - grown(a));
  return most !== undefined && grown(most) > 0 ? most : undefined;
}
