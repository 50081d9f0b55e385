import type { FleetContainer, FleetHost } from '../../../serve/protocol/hosts.ts';
import { hashOf } from '../../state/address.ts';
import { route } from '../../state/route.ts';

/** The views of the hosts, by the option `show` of the address. */
export const VIEWS = [
  ['hosts', 'Hosts'],
  ['containers', 'Containers'],
  ['alerts', 'Alerts'],
  ['peers', 'Peers'],
] as const;

/** One of {@link VIEWS}. */
export type View = (typeof VIEWS)[number][0];

/** The address of one host, or of a view of all. */
export function hostsLink(name: string, view: View = 'hosts'): string {
  const { time } = route.value;
  return hashOf({ page: 'hosts', name, filter: '', time, options: view === 'hosts' ? {} : { show: view } });
}

/** The page of a host, if other machines reach it; undefined else. */
export function reachablePage({ url }: FleetHost): string | undefined {
  return url === undefined || isLoopback(new URL(url).hostname) ? undefined : `${url}/`;
}

/** How the page of a host is opened that only the host itself reaches; undefined where it is not so. */
export function tunnelOf({ url, host }: FleetHost): string | undefined {
  if (url === undefined || host === undefined || !/^[\w.-]+$/.test(host) || host.startsWith('-')) return undefined;
  const { hostname, port, protocol } = new URL(url);
  if (!isLoopback(hostname)) return undefined;
  const at = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  return `ssh -N -L ${at}:${hostname}:${at} ${host}`;
}

/** A container on the page of its host; undefined where other machines do not reach that. */
export function containerPage(
  host: FleetHost | undefined,
  { name, namespace, pod }: FleetContainer,
): string | undefined {
  const page = host === undefined ? undefined : reachablePage(host);
  const row = pod === undefined ? name : [namespace ?? '', pod, name].join('/');
  return page === undefined ? undefined : `${page}#/c/${encodeURIComponent(row)}`;
}

function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '[::1]' || /^127\.[\d.]+$/.test(name);
}
