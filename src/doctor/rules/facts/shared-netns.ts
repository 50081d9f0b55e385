import { holdsOnlyNamespace } from '../../../model/container/service.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import { containerNames, fact } from '../../facts.ts';
import { perNamespace } from '../../per-scope.ts';
import { rule } from '../../rule.ts';

/** Several containers in one network namespace: a pod, a task, `--network container:`. */
export const sharedNetns = rule({
  name: 'SHARED_NETNS',
  title: 'Containers that share a network namespace',
  settings: {},
  judge: perNamespace(ofNamespace),
});

function ofNamespace({ namespace }: NetnsSeries) {
  const containers = namespace.containers.filter((container) => !holdsOnlyNamespace(container));
  // On the host's network HOST_NETWORK says it.
  if (namespace.host || containers.length < 2) return [];
  return [
    fact({
      summary: `${containerNames(containers)} share one network namespace: its sockets are attributed to each of them, its counters and settings cannot be`,
      evidence: [
        { what: 'containers in the namespace', value: containers.length, source: '/proc/PID/ns/net' },
        { what: 'the namespace', value: namespace.netns, source: '/proc/PID/ns/net' },
      ],
      byHand: (target) => `socklens ls ${target} --netns --by container`,
    }),
  ];
}
