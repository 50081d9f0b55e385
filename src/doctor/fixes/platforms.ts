import type { Platform } from '../../model/container/platform.ts';
import type { WatchedContainer, WatchedNetns } from '../../model/netns/netns.ts';
import type { ProcessSample } from '../../model/sample/sample.ts';
import type { Series } from '../../model/sample/series.ts';
import { platformOf } from '../../platform/platform-of.ts';

/** What started a container, by its labels and its cgroup. */
export function platformOfContainer(container: WatchedContainer): Platform {
  const { runtime, name, labels, cgroup, networkMode } = container;
  const declared = container.declared?.limits.map((limit) => limit.name);
  return platformOf({
    runtime,
    name,
    labels,
    networkMode,
    declared,
    cgroupPaths: cgroup === undefined ? [] : [cgroup],
  });
}

/** What started a process: its container, or the machine where it is in none. */
export function platformOfProcess(
  { containers }: Series,
  namespace: WatchedNetns,
  process: Pick<ProcessSample, 'pid' | 'name' | 'container'>,
): Platform {
  const container = containers.find(({ name }) => name === process.container);
  if (container !== undefined) return platformOfContainer(container);
  return platformOf({
    runtime: namespace.host ? 'host' : 'pid',
    name: namespace.name,
    labels: {},
    cgroupPaths: [],
    process,
  });
}
