import type { StopSignal } from '../../base/stop-signal.ts';
import { RULES } from '../../doctor/catalogue.ts';
import { diagnose } from '../../queries/diagnose.ts';
import { observe } from '../../queries/observe.ts';
import type { SampleSource } from '../../sources/sample-source.ts';
import { servedOf } from '../doctor/served-problem.ts';
import type { ProblemsAnswer, ServedProblem } from '../protocol.ts';
import { type RaisePool, raisePools } from './raise-pools.ts';

/** Sockets of all samples that rules see; of a longer recording, older samples are thinned out. */
const MOST_SOCKETS = 300_000;

/**
 * Has the rules judge a whole recording, as `socklens doctor --from` does.
 *
 * @param time of its first and last tick
 * @param raise is told how high pools were between two ticks, where events of connections tell: rules see it, rows do not
 */
export async function judgeRecording(
  source: SampleSource,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  stop: StopSignal,
  raise: RaisePool,
): Promise<Pick<ProblemsAnswer, 'problems' | 'rules'>> {
  const series = await observe(source, stop, MOST_SOCKETS);
  raisePools(series.namespaces, raise);
  const declared = { pools: [], serverLimits: [], replicas: [] };
  const clock = () => performance.now();
  const { problems, findings, rules } = diagnose(source, series, { rules: RULES, settings: {}, declared, clock });
  return {
    problems: problems.map((problem, index): ServedProblem => {
      const sinceMs = problem.since === undefined ? fromMs : Date.parse(problem.since);
      const openedAtMs = Math.min(Math.max(sinceMs, fromMs), toMs);
      return { ...servedOf(problem, findings), id: `recorded-${index + 1}`, openedAtMs };
    }),
    rules: rules.map(({ rule, tookMs, findings: found, judged }) => ({ rule, tookMs, findings: found, judged })),
  };
}
