import { nearest } from '../../base/nearest.ts';
import { safeText } from '../../base/safe-text.ts';
import { meantFilter } from '../../filter/meant-filter.ts';
import { serviceOf } from '../../model/container/service.ts';
import type { Inventory } from '../containers/inventory.ts';
import type { Machine } from '../machine.ts';
import { namedNamespaces } from './find-netns.ts';

/**
 * What an unknown TARGET may have meant, as the end of an error: a container, a named namespace, or a word of a FILTER,
 * because arguments are TARGETs until the first word that a filter knows.
 *
 * @param running the containers that are known
 * @returns `; did you mean X?`, empty where nothing is near
 */
export function meantTarget(machine: Machine, name: string, running: Inventory['containers']): string {
  const containers = running.flatMap(({ facts }) => [facts.name, serviceOf(facts)?.short ?? facts.name]);
  const namespaces = namedNamespaces(machine).map((namespace) => namespace.name);
  const target = nearest(name, [...containers, 'host', 'all', ...namespaces]);
  if (target !== undefined) {
    const isNamespace = !containers.includes(target) && namespaces.includes(target);
    return `; did you mean ${isNamespace ? 'netns:' : ''}${safeText(target)}?`;
  }
  const filter = meantFilter(name);
  return filter === undefined ? '' : `; did you mean the filter "${filter}"?`;
}
