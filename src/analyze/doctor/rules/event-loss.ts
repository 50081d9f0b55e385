import { counted } from '../../../model/counted.ts';
import type { SpaceSeries } from '../../../model/series.ts';
import { fact } from '../facts.ts';
import { perNamespace } from '../per-scope.ts';
import { rule } from '../rule.ts';

/** The kernel had more to tell than the tool could take. */
export const eventLoss = rule({
  name: 'EVENT_LOSS',
  title: 'Ends of connections that were not told',
  settings: {},
  judge: perNamespace(ofNamespace),
});

function ofNamespace({ samples }: SpaceSeries) {
  const lossy = samples.filter(({ lost = 0 }) => lost > 0);
  if (lossy.length === 0) return [];
  const times = lossy.reduce((sum, { lost = 0 }) => sum + lost, 0);
  const received = samples.reduce((sum, { ended = [] }) => sum + ended.reduce((of, { count }) => of + count, 0), 0);
  return [
    fact({
      summary: `more connections ended than the kernel could tell of, ${counted(times, 'time')}: what is said about connections that ended here is a lower bound`,
      evidence: [
        { what: 'times that events were dropped', value: times, source: 'ENOBUFS of the event socket' },
        { what: 'samples that miss some', value: `${lossy.length} of ${samples.length}`, source: 'destroy events' },
        { what: 'ends that were told', value: received, source: 'destroy events' },
      ],
      byHand: (target) => `socklens events ${target}`,
    }),
  ];
}
