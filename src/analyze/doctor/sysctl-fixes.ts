import type { Fix } from '../../model/finding.ts';
import type { WatchedSpace } from '../../model/watched.ts';
import { sysctlFixes } from '../platform/fixes.ts';
import { platformOf } from '../platform/platform-of.ts';

/** What `net.ipv4.tcp_tw_reuse=1` does. */
export const REUSE =
  'ports in TIME_WAIT are reused for a new connection after a second (2, the default, does so on loopback alone)';

/** How a sysctl of a network namespace is set durably: by its first container's platform where it has one. */
export function namespaceSysctlFixes(space: WatchedSpace, key: string, value: string, why: string): Fix[] {
  return fixesOf(space, key, value).map((fix) => ({ ...fix, text: `${why}; ${fix.text}` }));
}

function fixesOf({ host, name, containers }: WatchedSpace, key: string, value: string): Fix[] {
  const [first] = containers;
  if (first !== undefined && !host) {
    const { runtime, labels, cgroup, networkMode } = first;
    const cgroupPaths = cgroup === undefined ? [] : [cgroup];
    return sysctlFixes(platformOf({ runtime, name: first.name, labels, networkMode, cgroupPaths }), key, value);
  }
  if (host) return sysctlFixes(platformOf({ runtime: 'host', name, labels: {}, cgroupPaths: [] }), key, value);
  return [
    { where: 'the namespace', text: 'set it inside, whenever it is made', snippet: `sysctl -w ${key}='${value}'` },
  ];
}
