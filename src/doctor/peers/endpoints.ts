import type { WatchedContainer, WatchedNetns } from '../../model/netns/netns.ts';
import type { Series } from '../../model/sample/series.ts';
import type { Endpoint } from '../rule.ts';

/** The label in which Compose stores the name that other services use for it. */
const COMPOSE_SERVICE = 'com.docker.compose.service';

/** Whether an address is the namespace itself. */
export function isLoopback(plain: string): boolean {
  return plain.startsWith('127.') || plain === '::1';
}

/** The running container that has an address; undefined for every other machine. */
export function containerAt({ containers }: Series, plain: string): WatchedContainer | undefined {
  return containers.find(({ addresses }) => addresses.some(({ address }) => address === plain));
}

/**
 * A key that is the same for all connections to one endpoint, from any namespace and network: the container
 * where one has the address, the namespace itself for its loopback.
 */
export function endpointKey(series: Series, namespace: WatchedNetns, plain: string, port: number): string {
  if (isLoopback(plain)) return `netns:${namespace.netns}:${port}`;
  const container = containerAt(series, plain);
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
  const container = containerAt(series, plain);
  return container !== undefined && goesBy(container, host);
}

function goesBy({ name, labels }: WatchedContainer, host: string): boolean {
  return name === host || labels[COMPOSE_SERVICE] === host;
}

/** What the instances of one service share, by the labels of Compose or ECS; undefined for a container without. */
export function serviceOf({ labels }: WatchedContainer): string | undefined {
  const compose = labels[COMPOSE_SERVICE];
  if (compose !== undefined) return `compose ${labels['com.docker.compose.project'] ?? ''}/${compose}`;
  const ecs = labels['com.amazonaws.ecs.container-name'];
  return ecs === undefined ? undefined : `ecs ${labels['com.amazonaws.ecs.task-definition-family'] ?? ''}/${ecs}`;
}

/** Whether an address is of a network of one's own: RFC 1918, RFC 6598, RFC 4193, loopback, link-local. */
export function isPrivate(plain: string): boolean {
  if (isLoopback(plain)) return true;
  if (plain.includes(':')) return /^f[cd]/.test(plain) || plain.startsWith('fe80');
  const [first = 0, second = 0] = plain.split('.').map(Number);
  if (first === 10 || (first === 192 && second === 168) || (first === 169 && second === 254)) return true;
  return (first === 172 && second >= 16 && second < 32) || (first === 100 && second >= 64 && second < 128);
}
