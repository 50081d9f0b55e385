import { bindForPlace } from '../collect/bind-filter.ts';
import { containersNamed } from '../collect/containers-named.ts';
import type { Machine } from '../collect/machine.ts';
import type { Place } from '../collect/place.ts';
import type { WatchedSpace } from '../collect/watched-space.ts';
import type { ConditionTree } from '../filter/condition.ts';
import { compileTest } from '../filter/evaluate.ts';
import type { Filter } from '../filter/syntax.ts';
import { eachAtom } from '../filter/tree.ts';
import type { ContainerFacts } from '../model/container.ts';
import type { Remembered } from '../model/ended.ts';
import { Failure } from '../model/failure.ts';
import type { SocketView } from '../model/socket-view.ts';

/** Whether an ended socket is wanted, by how it was and by what was remembered of it. */
export type EventTest = (socket: SocketView, remembered: Remembered | undefined) => boolean;

/**
 * The test of a filter for ended sockets: processes, containers, roles and ages are what dumps
 * remembered.
 *
 * @throws {Failure} `usage` for what neither an event nor a dump tells
 */
export async function eventTest(
  machine: Machine,
  place: Place,
  space: WatchedSpace,
  filter: Filter,
  containers: readonly ContainerFacts[],
): Promise<EventTest> {
  const bound = await bindForPlace(machine, place, filter, containers);
  if (bound === undefined) return () => true;
  const untold = untoldIn(bound.tree);
  if (untold.length > 0)
    throw new Failure('usage', `events do not tell ${untold.join(', ')}: filter by something else`);
  let current: Remembered | undefined;
  const test = compileTest(bound.tree, {
    processesOf: () => (current?.process === undefined ? [] : [current.process]),
    isOf: (_, name) => {
      const container = current?.container ?? space.container;
      return containersNamed(containers, name).some((facts) => facts.name === container);
    },
    roleOf: (socket) => space.roles.ofClosed(socket),
    isListenedOn: (socket) => space.roles.isListenedOn(socket),
    ageUsOf: () => (current === undefined ? undefined : (Date.now() - current.firstSeenMs) * 1000),
  });
  return (socket, remembered) => {
    current = remembered;
    return test(socket);
  };
}

/** Keywords about what is in no event, by the kinds of their conditions. */
const UNTOLD: Readonly<Record<string, string>> = {
  ...{ mark: 'fwmark', cgroup: 'cgroup', autobound: 'autobound', uid: 'uid', timer: 'timer', keepalive: 'keepalive' },
  ...{ orphan: 'orphan', unaccepted: 'unaccepted', 'send-queue': 'sendq' },
};

function untoldIn(tree: ConditionTree): string[] {
  const found = new Set<string>();
  eachAtom(tree, (condition) => {
    const keyword = UNTOLD[condition.kind === 'measure' ? condition.measure : condition.kind];
    if (keyword !== undefined) found.add(keyword);
  });
  return [...found];
}
