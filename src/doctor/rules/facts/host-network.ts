import type { NetnsSeries } from '../../../model/sample/series.ts';
import { containerNames, fact } from '../../facts.ts';
import { perNamespace } from '../../per-scope.ts';
import { rule } from '../../rule.ts';

/** Containers without a network namespace of their own. */
export const hostNetwork = rule({
  name: 'HOST_NETWORK',
  title: "Containers on the host's own network",
  settings: {},
  judge: perNamespace(ofNamespace),
});

function ofNamespace({ namespace }: NetnsSeries) {
  const [first, ...others] = namespace.containers;
  if (!namespace.host || first === undefined) return [];
  const isOnly = others.length === 0;
  return fact({
    ...(isOnly && { holder: { container: first.name } }),
    summary: `${containerNames(namespace.containers)} ${isOnly ? 'is' : 'are'} in the host's network namespace: counters, ports and queues are those of the whole host`,
    evidence: [
      { what: "containers in the host's namespace", value: namespace.containers.length, source: '/proc/PID/ns/net' },
      { what: "the host's namespace", value: namespace.netns, source: '/proc/1/ns/net' },
    ],
    byHand: 'lsns -t net; socklens ps',
  });
}
