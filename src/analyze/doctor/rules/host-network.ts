import type { SpaceSeries } from '../../../model/series.ts';
import { containerNames, fact } from '../facts.ts';
import { rule } from '../rule.ts';
import { containerScope, spaceScope } from '../scopes.ts';

/** Containers without a network namespace of their own. */
export const hostNetwork = rule({
  name: 'HOST_NETWORK',
  title: "Containers on the host's own network",
  settings: {},
  needsMs: () => 0,
  judge: ({ series }) => series.spaces.filter(({ space }) => space.host && space.containers.length > 0).map(ofHost),
});

function ofHost({ space }: SpaceSeries) {
  const [first, ...others] = space.containers;
  const alone = first !== undefined && others.length === 0;
  return fact({
    rule: 'HOST_NETWORK',
    scope: alone ? containerScope(first.name) : spaceScope(space),
    summary: `${containerNames(space.containers)} ${alone ? 'lives' : 'live'} in the host's network namespace: counters, ports and queues are those of the whole host`,
    evidence: [
      { what: "containers in the host's namespace", value: space.containers.length, source: '/proc/PID/ns/net' },
      { what: "the host's namespace", value: space.netns, source: '/proc/1/ns/net' },
    ],
    byHand: 'lsns -t net; socklens ps',
  });
}
