import { addressesOf, containersOrPodsNamed } from '../../collect/containers/containers-named.ts';
import { bindFilter } from '../../filter/bind.ts';
import type { BoundFilter } from '../../filter/bound-filter.ts';
import { compileForKernel } from '../../filter/compile.ts';
import { needsOf } from '../../filter/needs.ts';
import type { Filter } from '../../filter/syntax.ts';
import { servicePorts } from '../../names/services.ts';
import type { RecordingContents } from './recording-contents.ts';

/**
 * Binds a filter to the names of a recording, which mean the same in all of its namespaces.
 *
 * @param devices names of the network devices of the namespace by index; undefined for all namespaces
 */
export function bindRecorded(
  filter: Filter,
  conditions: NonNullable<Filter['tree']>,
  contents: RecordingContents,
  devices: ReadonlyMap<number, string> | undefined,
): BoundFilter {
  const containers = [...contents.containers.values()];
  const tree = bindFilter(filter.text, conditions, {
    addresses: (name) => {
      const named = containersOrPodsNamed(containers, name);
      if (named.length > 0) return named.flatMap((facts) => addressesOf(containers, facts));
      const known = contents.addresses.get(name);
      return known && [...known];
    },
    ports: servicePorts(''),
    device: (wanted) => [...(devices ?? [])].find(([, name]) => name === wanted)?.[0],
    cgroup: () => undefined,
    uid: () => undefined,
    hasContainer: (name) => containersOrPodsNamed(containers, name).length > 0,
  });
  return {
    tree,
    needs: needsOf(tree),
    compiled: compileForKernel(tree),
    ...(filter.families !== undefined && { families: filter.families }),
  };
}
