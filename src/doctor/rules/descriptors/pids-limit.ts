import { grouped } from '../../../base/lists.ts';
import { plural } from '../../../base/plural.ts';
import { limitShare } from '../../../model/container/limits.ts';
import type { PidsUse } from '../../../model/sample/sample.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import { pidsLimitFixes } from '../../../platform/fixes.ts';
import { platformOfContainer } from '../../fixes/platforms.ts';
import { perNamespace } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { percent } from '../../texts.ts';

const settings = {
  warning: { default: 0.8, unit: 'share', text: 'of the limit in use' },
  refused: { default: 1, unit: 'count', text: 'forks that the limit refused during the run' },
} as const;

/** Processes and threads of a container close to its limit, or refused by it. */
export const pidsLimit = rule({
  name: 'PIDS_LIMIT',
  title: 'Processes and threads of a container at its limit',
  settings,
  judge: perNamespace(ofNamespace),
});

function ofNamespace({ samples }: NetnsSeries, { series }: RuleInput, values: SettingValues<typeof settings>): Fault[] {
  const snapshots = samples.flatMap(({ pids = [] }) => pids);
  return [...grouped(snapshots, ({ container }) => container).values()].flatMap((uses): Fault[] => {
    const last = uses.at(-1);
    if (last?.max === undefined) return [];
    const { container: name, current, max } = last;
    const refused = refusedIn(uses);
    const critical = refused !== undefined && refused >= values.refused;
    if (!critical && current < max * values.warning) return [];
    const container = series.containers.find((known) => known.name === name);
    const more = 2 ** Math.ceil(Math.log2(Math.max(max * 2, 256)));
    return [
      {
        severity: critical ? 'critical' : 'warning',
        confidence: 'high',
        holder: { container: name },
        summary: critical
          ? `the limit of ${max} processes and threads refused ${plural(refused, 'fork')} during the run`
          : `${current} of ${max} processes and threads are in use (${percent(limitShare(current, max) ?? 0)})`,
        evidence: [
          { what: 'processes and threads', value: current, source: 'pids.current of its cgroup' },
          { what: 'their limit', value: max, source: 'pids.max of its cgroup' },
          ...(refused === undefined
            ? []
            : [{ what: 'forks refused during the run', value: refused, source: 'pids.events of its cgroup' }]),
        ],
        fixes: [
          ...(container === undefined ? [] : pidsLimitFixes(platformOfContainer(container), more)),
          {
            where: 'the application',
            text: 'threads count as processes do: cap thread pools and workers, and wait for child processes that ended',
          },
        ],
        byHand: `socklens limits ${name}`,
      },
    ];
  });
}

/** How often the limit refused since the first snapshot; undefined where the kernel does not count it, or with one snapshot only. */
function refusedIn(uses: readonly PidsUse[]): number | undefined {
  const counts = uses.flatMap(({ refused }) => (refused === undefined ? [] : [refused]));
  const [first] = counts;
  const last = counts.at(-1);
  return counts.length < 2 || first === undefined || last === undefined ? undefined : last - first;
}
