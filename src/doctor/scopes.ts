import { formatEndpoint } from '../base/endpoint-text.ts';
import type { FindingScope } from '../model/finding/finding.ts';
import type { Names } from '../model/names.ts';
import type { WatchedNetns } from '../model/netns/netns.ts';
import { soleContainer } from '../model/netns/sharing.ts';
import { mayNameService } from '../model/socket/endpoint.ts';
import type { Address } from '../model/socket/interned-address.ts';
import type { SocketHolder } from './rule.ts';

/** The namespace as a whole, or its container where it has only one. */
export function netnsScope(namespace: WatchedNetns): FindingScope {
  const only = soleContainer(namespace);
  if (only !== undefined) return containerScope(only.name);
  return {
    kind: namespace.host ? 'host' : 'namespace',
    name: namespace.name,
    target: namespace.targets[0] ?? namespace.name,
  };
}

/** The machine as a whole. */
export const HOST_SCOPE: FindingScope = { kind: 'host', name: 'host', target: 'host' };

export function containerScope(name: string): FindingScope {
  return { kind: 'container', name, target: name, container: name };
}

/** The process that holds sockets; the container or the namespace where no process is known. */
export function holderScope(namespace: WatchedNetns, { process, container }: SocketHolder): FindingScope {
  const around = container === undefined ? netnsScope(namespace) : containerScope(container);
  if (process === undefined) return around;
  return { ...around, kind: 'process', name: `${around.name} ${process.pid}/${process.name}`, pid: process.pid };
}

/** The key that groups sockets by their holder: the process, else the container, else the namespace. */
export function holderKey({ process, container }: SocketHolder): string {
  return process === undefined ? `c ${container ?? ''}` : `p ${process.pid}`;
}

/** `db:mysql`, `172.17.0.2:3306`: an endpoint as a person knows it. */
export function endpointText(
  names: Names,
  address: Pick<Address, 'plain'> | undefined,
  port: number,
  proto = 'tcp',
): string {
  const plain = address?.plain ?? '*';
  const service = mayNameService(port) ? names.service(port, proto) : undefined;
  return formatEndpoint(names.host(plain) ?? plain, service ?? port);
}
