import type { ContainerAnswer, ContainerLimit } from '../../serve/protocol/container.ts';
import type { HostNumbers, ListeningPort } from '../../serve/protocol.ts';
import { shown } from '../text/shown.ts';

/** A line of the table of limits. */
export interface LimitRow {
  key: string;
  title: string;
  /** Undefined where no use is known. */
  used: number | undefined;
  /** Null for unlimited. */
  limit: number | null;
  setBy: string;
}

/** Peers whose local ports have a line. */
const MOST_PEERS = 2;

/** Limits of processes, of the network namespace and of the host that bound a container, those that bind most often first. */
export function limitRows(answer: ContainerAnswer, host: HostNumbers | undefined): LimitRow[] {
  const { limits, listeners, somaxconn } = answer;
  const rows = (limits?.limits ?? []).flatMap(processRows);
  const inUse = ({ used }: LimitRow) => used !== undefined;
  const isOfFiles = ({ key }: LimitRow) => key === 'nofile' || key === 'nofile hard';
  return [
    ...rows.filter((row) => inUse(row) && isOfFiles(row)),
    ...rows.filter((row) => inUse(row) && !isOfFiles(row)),
    ...portRows(answer),
    ...listeners
      .filter(({ proto, backlog }) => proto.startsWith('tcp') && backlog !== undefined)
      .map((listener) => queueRow(listener, somaxconn)),
    ...hostRows(host),
    ...rows.filter((row) => !inUse(row)),
  ];
}

/** The soft limit, and where it is another the hard one, up to which a program may raise it. */
function processRows({ name, title, used, soft, hard, setBy }: ContainerLimit): LimitRow[] {
  const row = { used, setBy };
  if (soft === hard) return [{ ...row, key: name, title: titleOf(name, title), limit: soft }];
  return [
    { ...row, key: name, title: `${titleOf(name, title)}, soft`, limit: soft },
    { ...row, key: `${name} hard`, title: `${titleOf(name, title)}, hard`, limit: hard },
  ];
}

function titleOf(name: string, title: string): string {
  const text = title.slice(0, 1).toUpperCase() + title.slice(1);
  return title === name ? text : `${text} (${name})`;
}

/** Each connection to one peer takes a local port, one in TIME_WAIT too. */
function portRows({ lanes, timeWait = [], localPorts }: ContainerAnswer): LimitRow[] {
  if (localPorts === undefined) return [];
  const peers = new Map<string, { title: string; used: number }>();
  for (const { direction, address, port, proto = 'tcp', name, service, count } of [
    ...lanes.filter((lane) => lane.proto === 'tcp'),
    ...timeWait.map((left) => ({ ...left, proto: 'tcp' })),
  ]) {
    if (direction !== 'out' || address === undefined || proto !== 'tcp') continue;
    const key = `${address} ${port}`;
    const known = peers.get(key);
    const title = known?.title ?? `Local ports to ${shown(name ?? address)}:${service ?? port}`;
    peers.set(key, { title, used: (known?.used ?? 0) + count });
  }
  return [...peers]
    .filter(([, { used }]) => used > 0)
    .sort(([, a], [, b]) => b.used - a.used)
    .slice(0, MOST_PEERS)
    .map(([key, peer]) => ({ ...peer, key: `ports ${key}`, limit: localPorts, setBy: 'net.ipv4.ip_local_port_range' }));
}

function queueRow(
  { address, port, queue, backlog = 0, process }: ListeningPort,
  somaxconn: number | undefined,
): LimitRow {
  const [, program] = process === undefined ? [] : process.split('/');
  return {
    key: `queue ${address} ${port}`,
    title: `Accept queue ${address.includes(':') ? `[${address}]` : address}:${port}`,
    used: queue,
    limit: backlog,
    setBy:
      backlog === somaxconn ? 'net.core.somaxconn' : `listen()${program === undefined ? '' : ` of ${shown(program)}`}`,
  };
}

function hostRows(host: HostNumbers | undefined): LimitRow[] {
  if (host?.conntrack === undefined) return [];
  const { used, limit } = host.conntrack;
  return [{ key: 'conntrack', title: 'conntrack, host', used, limit, setBy: 'net.netfilter.nf_conntrack_max' }];
}
