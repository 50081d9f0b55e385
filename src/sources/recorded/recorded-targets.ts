import { containersNamed } from '../../collect/containers/containers-named.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';

/** Whether a TARGET as typed means a namespace of a recording. */
export function isTargetOf(namespace: WatchedNetns, target: string): boolean {
  if (target === 'all' || namespace.name === target || namespace.targets.includes(target)) return true;
  const name = target.replace(/^(docker|podman):/, '');
  if (containersNamed(namespace.containers, name).length > 0) return true;
  return /^[0-9a-f]{4,}$/.test(name) && namespace.containers.some(({ id }) => id.startsWith(name));
}

/** The TARGETs of a text with commas. */
export function targetsIn(text: string): string[] {
  return text.split(',').filter((part) => part !== '');
}
