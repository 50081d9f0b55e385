import { podName } from '../model/container/pod.ts';
import { serviceOf } from '../model/container/service.ts';
import { shortIdOf } from '../model/container/short-id.ts';
import type { WatchedContainer } from '../model/netns/netns.ts';
import { COMMON_SERVICES, PLATFORM_LABELS, PUBLIC_NAMES } from '../model/redaction/common-names.ts';
import { COMMON_PROGRAMS } from '../model/redaction/common-programs.ts';
import type { NetnsSeries, Series } from '../model/sample/series.ts';
import type { Address } from '../model/socket/interned-address.ts';

/** Kinds of names, as aliases spell them. */
export type TermKind = 'name' | 'process' | 'service' | 'network' | 'image' | 'unit' | 'path' | 'id';

/** Every name of a series that says whose it is, with its kind. Addresses are known by their form. */
export function termsOf(series: Series): Map<string, TermKind> {
  const terms = new Map<string, TermKind>();
  const add = (kind: TermKind, text: string | undefined) => {
    // A number alone names nobody, and replacing it would falsify values.
    if (text !== undefined && text.length > 1 && !/^[\d.]+$/.test(text) && !terms.has(text)) terms.set(text, kind);
  };
  const name = (text: string | undefined) => {
    if (text !== undefined && !PUBLIC_NAMES.test(text)) add('name', text);
  };
  const process = (text: string) => {
    if (!COMMON_PROGRAMS.has(text)) add('process', text);
  };
  const containers = [...series.containers, ...series.namespaces.flatMap(({ namespace }) => namespace.containers)];
  for (const container of containers) addContainer(container, add, name);
  for (const netns of series.namespaces) {
    const { namespace } = netns;
    for (const text of [namespace.name, ...namespace.targets, ...(namespace.madeBy ?? [])]) {
      for (const one of text.split(',')) name(one.replace(/^[a-z]+:/, ''));
    }
    for (const { processes = [] } of netns.samples) for (const one of processes) process(one.name);
    addSockets(netns, series, add, name, process);
  }
  return terms;
}

type Add = (kind: TermKind, text: string | undefined) => void;
type AddName = (text: string | undefined) => void;

function addContainer(container: WatchedContainer, add: Add, name: AddName): void {
  const { labels, addresses, networkMode, declared, cgroup, id, pod } = container;
  name(container.name);
  name(container.runtimeName);
  const service = serviceOf(container);
  if (service !== undefined) for (const text of [service.short, service.group]) name(text);
  if (pod !== undefined) {
    for (const text of [pod.name, pod.namespace, pod.container, podName(pod)]) name(text);
    add('id', pod.uid);
  }
  add('id', id);
  add('id', shortIdOf(id));
  // Texts name projects, services, families and tasks; files of Compose are paths.
  for (const [label, value] of Object.entries(labels)) if (PLATFORM_LABELS.has(label)) name(value);
  for (const { network } of addresses) if (!/^(bridge|host|none|default|pod)$/.test(network)) add('network', network);
  if (networkMode !== undefined && !/^(bridge|host|none|default|container:.*)$/.test(networkMode)) {
    add('network', networkMode);
  }
  add('image', declared?.image);
  for (const part of cgroup?.split('/') ?? []) {
    if (/\.(service|scope)$/.test(part)) add('unit', part);
  }
}

function addSockets(
  netns: NetnsSeries,
  series: Series,
  add: Add,
  name: AddName,
  process: (text: string) => void,
): void {
  const addresses = new Set<Address>();
  const ports = new Set<string>();
  for (const { sockets } of netns.samples) {
    sockets?.each(({ proto, local, peer, localPort, peerPort, holders, path }) => {
      for (const address of [local, peer]) if (address !== undefined) addresses.add(address);
      if (proto === 'tcp' || proto === 'udp') for (const port of [localPort, peerPort]) ports.add(`${proto} ${port}`);
      for (const holder of holders) process(holder.name);
      add('path', path);
    });
  }
  for (const { plain } of addresses) name(series.names.host(plain));
  for (const key of ports) {
    const [proto = '', port = ''] = key.split(' ');
    const service = series.names.service(Number(port), proto);
    if (service !== undefined && !COMMON_SERVICES.has(service)) add('service', service);
  }
}
