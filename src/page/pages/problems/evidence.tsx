import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import type { HistoryAnswer } from '../../../serve/protocol/history.ts';
import type { ProblemCourse, ServedProblem } from '../../../serve/protocol.ts';
import { Strip } from '../../charts/strip.tsx';
import type { StripSpec } from '../../charts/strip-spec.ts';
import { type Timeline, timelineOf } from '../../charts/timeline.ts';
import { isLive, range } from '../../state/clock.ts';
import { problems } from '../../state/live.ts';
import { request } from '../../state/request.ts';
import { route } from '../../state/route.ts';
import { rulerGaps } from '../../state/ruler-gaps.ts';
import { shown } from '../../text/shown.ts';
import { completed } from '../container-strips.ts';
import { evidenceSpec } from './evidence-spec.ts';

/** Containers with a chart; of more the first. */
const MOST_CONTAINERS = 6;
const POINTS = 480;

/** The numbers of a problem over time, and what it is about in each container concerned; its time is a band. */
export function Evidence({ problem, course }: { problem: ServedProblem; course: ProblemCourse }) {
  const { toMs } = range.value;
  const bands = [{ fromMs: problem.openedAtMs, toMs: problem.resolvedAtMs ?? toMs }];
  const containers = problem.containers.slice(0, MOST_CONTAINERS);
  const stored = useHistory(containers);
  const numbers = courseTimeline(course);
  const hidden = problem.containers.length - containers.length;
  return (
    <section class="panel strips" aria-label="Evidence">
      {course.numbers.map((_, index) => (
        <Strip
          key={`number ${index}`}
          spec={numberSpec(course, index)}
          surroundings={{ timeline: numbers, bands, marks: [] }}
        />
      ))}
      {containers.map((name) => {
        const timeline = completed(timelineOf(stored.get(name), name, [], range.value), { lanes: [] });
        const marks = stored.get(name)?.marks.filter(({ container }) => container === name) ?? [];
        return (
          <Strip key={name} spec={evidenceSpec(problem, name, timeline)} surroundings={{ timeline, bands, marks }} />
        );
      })}
      {hidden > 0 && <p class="remark faint">{hidden} more places without a chart here</p>}
    </section>
  );
}

/** A number's values were judged at their times, and hold until the next. */
function courseTimeline({ times, numbers }: ProblemCourse): Timeline {
  const steps = times.slice(1).map((at, index) => at - (times[index] ?? at));
  return {
    times: [...times],
    series: new Map(numbers.map(({ values }, index) => [`number ${index}`, { mean: [...values], max: [...values] }])),
    stepMs: steps.length === 0 ? (problems.value?.everyMs ?? 10_000) : Math.min(...steps),
    gaps: [],
  };
}

function numberSpec({ numbers }: ProblemCourse, index: number): StripSpec {
  const { what = '', unit = '', values = [] } = numbers[index] ?? {};
  return {
    title: shown(what.charAt(0).toUpperCase() + what.slice(1)),
    unit: shown(unit === '' ? 'at each judgement' : `${unit}, at each judgement`),
    height: 78,
    kind: 'stack',
    layers: [{ name: `number ${index}`, label: 'Value', paint: 'ink' }],
    ceilings: [],
    ...(values.some((value) => value !== null && !Number.isInteger(value)) && { quantity: 'rate' }),
  };
}

/** What is stored of containers over the time shown, by name; read anew after each judgement while that is now. */
function useHistory(containers: readonly string[]): ReadonlyMap<string, HistoryAnswer> {
  const stored = useSignal<ReadonlyMap<string, HistoryAnswer>>(new Map());
  const time = useComputed(() => JSON.stringify(route.value.time));
  const judgedAtMs = useComputed(() => (isLive.value ? problems.value?.atMs : undefined));
  const names = JSON.stringify(containers);
  useSignalEffect(() => {
    void [time.value, judgedAtMs.value];
    const abort = new AbortController();
    const { fromMs, toMs } = range.peek();
    const question = { from: Math.floor(fromMs), to: Math.ceil(toMs), points: POINTS };
    const asked = (JSON.parse(names) as string[]).map(async (container): Promise<[string, HistoryAnswer]> => {
      return [container, await request<HistoryAnswer>('history', { container, ...question }, abort.signal)];
    });
    Promise.all(asked).then(
      (answers) => {
        stored.value = new Map(answers);
        rulerGaps.value = answers[0]?.[1].gaps ?? [];
      },
      () => {
        // The charts say that nothing is stored.
      },
    );
    return () => abort.abort();
  });
  return stored.value;
}
