import type { WatchedSpace } from '../../../model/watched.ts';

/** The command line that runs a host's program inside a watched namespace: nothing is needed in the container. */
export function inside({ host, targets, name, containers }: WatchedSpace, command: string): string {
  if (host) return command;
  const [container] = containers;
  if (container !== undefined) return `nsenter -t ${container.pid} -n ${command}`;
  const target = targets[0] ?? name;
  if (target.startsWith('pid:')) return `nsenter -t ${target.slice('pid:'.length)} -n ${command}`;
  const named = target.startsWith('netns:') ? target.slice('netns:'.length) : target;
  return named.startsWith('/') ? `nsenter --net=${named} ${command}` : `ip netns exec ${named} ${command}`;
}
