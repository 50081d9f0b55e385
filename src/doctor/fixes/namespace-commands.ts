import type { Fix } from '../../model/finding/finding.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import { sysctlFixes } from '../../platform/fixes.ts';
import { shellWord } from '../../platform/parts.ts';
import { platformOf } from '../../platform/platform-of.ts';
import { platformOfContainer } from './platforms.ts';

/**
 * How a sysctl of a namespace is set durably: where its first container is described, or on the host.
 *
 * @param why what it is good for, and what must be done besides
 */
export function namespaceSysctlFixes(namespace: WatchedNetns, key: string, value: string, why: string): Fix[] {
  return fixesOf(namespace, key, value).map((fix) => ({ ...fix, text: `${why}; ${fix.text}` }));
}

function fixesOf({ host, name, containers: [first] }: WatchedNetns, key: string, value: string): Fix[] {
  if (host) return sysctlFixes(platformOf({ runtime: 'host', name, labels: {}, cgroupPaths: [] }), key, value);
  if (first !== undefined) return sysctlFixes(platformOfContainer(first), key, value);
  const snippet = `sysctl -w ${shellWord(`${key}=${value}`)}`;
  return [{ where: 'the namespace', text: 'set it where the namespace is created', snippet }];
}

/** The machine itself. */
const HOST_PLATFORM = platformOf({ runtime: 'host', name: 'host', labels: {}, cgroupPaths: [] });

/** How a sysctl is set on the host, for what no namespace has a copy of. */
export function hostSysctlFixes(key: string, value: string): Fix[] {
  return sysctlFixes(HOST_PLATFORM, key, value);
}

/** The command line that runs a host's program inside a watched namespace: nothing is needed in the container. */
export function inside({ host, targets, name, containers }: WatchedNetns, command: string): string {
  if (host) return command;
  const [container] = containers;
  if (container !== undefined) return `nsenter -t ${container.pid} -n ${command}`;
  const target = targets[0] ?? name;
  if (target.startsWith('pid:')) return `nsenter -t ${target.slice('pid:'.length)} -n ${command}`;
  const named = target.startsWith('netns:') ? target.slice('netns:'.length) : target;
  return named.startsWith('/') ? `nsenter --net=${named} ${command}` : `ip netns exec ${named} ${command}`;
}
