import { nearest } from '../../base/nearest.ts';
import { safeText } from '../../base/safe-text.ts';
import { meantFilter } from '../../filter/meant-filter.ts';
import { RuntimeError } from '../../runtimes/runtime.ts';
import type { Machine } from '../machine.ts';
import { namedNamespaces } from './find-netns.ts';

/**
 * What an unknown TARGET may have meant, as the end of an error: a container, a named namespace, or a word of a FILTER,
 * because arguments are TARGETs until the first word that a filter knows.
 *
 * @returns `; did you mean X?`, empty where nothing is near
 */
export async function meantTarget(machine: Machine, name: string): Promise<string> {
  const lists = machine.runtimes.map(async (runtime) => {
    try {
      return (await runtime.list()).map((container) => container.name);
    } catch (error) {
      if (error instanceof RuntimeError) return [];
      throw error;
    }
  });
  const containers = (await Promise.all(lists)).flat();
  const namespaces = namedNamespaces(machine).map((namespace) => namespace.name);
  const target = nearest(name, [...containers, 'host', 'all', ...namespaces]);
  if (target !== undefined) {
    const isNamespace = !containers.includes(target) && namespaces.includes(target);
    return `; did you mean ${isNamespace ? 'netns:' : ''}${safeText(target)}?`;
  }
  const filter = meantFilter(name);
  return filter === undefined ? '' : `; did you mean the filter "${filter}"?`;
}
