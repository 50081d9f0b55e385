import { plural } from '../../../base/plural.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import { fact } from '../../facts.ts';
import { perNamespace } from '../../per-scope.ts';
import { rule } from '../../rule.ts';

/** The kernel dropped events because the event socket was read too slowly. */
export const eventLoss = rule({
  name: 'EVENT_LOSS',
  title: 'Connection events that were lost',
  settings: {},
  judge: perNamespace(ofNamespace),
});

function ofNamespace({ samples }: NetnsSeries) {
  const lossy = samples.filter(({ lost = 0 }) => lost > 0);
  if (lossy.length === 0) return [];
  const times = lossy.reduce((sum, { lost = 0 }) => sum + lost, 0);
  const received = samples.reduce((sum, { closed = [] }) => sum + closed.reduce((of, { count }) => of + count, 0), 0);
  return [
    fact({
      summary: `events of closed connections were lost ${plural(times, 'time')}: each number of closed connections here is a lower bound`,
      evidence: [
        { what: 'times that events were lost', value: times, source: 'ENOBUFS of the event socket' },
        { what: 'samples with a loss', value: `${lossy.length} of ${samples.length}`, source: 'destroy events' },
        { what: 'closed connections that were reported', value: received, source: 'destroy events' },
      ],
      byHand: (target) => `socklens events ${target}`,
    }),
  ];
}
