import { podName, podOf } from '../../model/container/pod.ts';
import { isNamedService, serviceOf } from '../../model/container/service.ts';
import type { WatchedContainer, WatchedNetns } from '../../model/netns/netns.ts';
import type { Series } from '../../model/sample/series.ts';
import { isLoopback } from '../../model/socket/loopback.ts';
import type { Endpoint } from '../rule.ts';

/** The running containers that have an address, those of a pod together; empty for every other machine. */
export function containersAt({ containers }: Series, plain: string): WatchedContainer[] {
  return containers.filter(({ addresses }) => addresses.some(({ address }) => address === plain));
}

/**
 * A key that is the same for all connections to one endpoint, from any namespace and network: the container
 * or pod where one has the address, the namespace itself for its loopback.
 */
export function endpointKey(series: Series, namespace: WatchedNetns, plain: string, port: number): string {
  if (isLoopback(plain)) return `netns:${namespace.netns}:${port}`;
  // Of a pod always the same one.
  const [container] = containersAt(series, plain);
  return container === undefined ? `${plain}:${port}` : `container:${container.id}:${port}`;
}

/** What the user declared for an endpoint as seen from a namespace; undefined where nothing was. */
export function declaredFor<T extends { endpoint: Endpoint }>(
  declared: readonly T[],
  series: Series,
  namespace: WatchedNetns,
  plain: string,
  port: number,
): T | undefined {
  return declared.find(({ endpoint }) => endpoint.port === port && isNamed(endpoint.host, series, namespace, plain));
}

function isNamed(host: string, series: Series, namespace: WatchedNetns, plain: string): boolean {
  if (host === plain || series.names.host(plain) === host) return true;
  if (isLoopback(plain))
    return host === 'localhost' || namespace.containers.some((container) => goesBy(container, host));
  return containersAt(series, plain).some((container) => goesBy(container, host));
}

/** Whether a container has a name: its own, or that of its service or pod. */
export function goesBy(container: WatchedContainer, host: string): boolean {
  const pod = podOf(container);
  const names = [container.name, container.runtimeName, ...(pod === undefined ? [] : [podName(pod), pod.name])];
  return names.includes(host) || isNamedService(serviceOf(container), host);
}

/** Whether an address is of a network of one's own: RFC 1918, RFC 6598, RFC 4193, loopback, link-local. */
export function isPrivate(plain: string): boolean {
  if (isLoopback(plain)) return true;
  if (plain.includes(':')) return /^f[cd]/.test(plain) || plain.startsWith('fe80');
  const [first = 0, second = 0] = plain.split('.').map(Number);
  if (first === 10 || (first === 192 && second === 168) || (first === 169 && second === 254)) return true;
  return (first === 172 && second >= 16 && second < 32) || (first === 100 && second >= 64 && second < 128);
}
