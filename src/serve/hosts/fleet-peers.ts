import type { FleetPeer } from '../protocol/hosts.ts';
import { labelIs, labelIsOneOf, literalPattern, quoted, selector } from '../store/promql.ts';
import type { StoreLabels } from '../store/store-answer.ts';
import type { Asking } from './fleet-store.ts';

/** Peers of an answer. */
const MOST = 100;

/** Names of peers that stand for many, or for another one on each host. */
const NO_NAMES = ['external', 'other', 'localhost', 'gateway', 'host'];

const METRIC = 'socklens_container_peer_connections';

/** Peers of an answer, and whether there are more. */
export interface FoundPeers {
  peers: FleetPeer[];
  isCut: boolean;
}

/**
 * To whom containers of all hosts connect, by name and port: those with most connections.
 *
 * @param name a part of their names; empty for all, which is a question about every peer of every container
 * @throws {StoreError}
 */
export async function readPeers(asking: Asking, name: string): Promise<FoundPeers> {
  const outbound = labelIs('direction', 'outbound');
  const wanted =
    name === '' ? `peer!~${quoted(NO_NAMES.join('|'))}` : `peer=~${quoted(`(?i).*${literalPattern(name)}.*`)}`;
  const connections = await asking.query(
    `topk(${MOST + 1}, sum by (peer, peer_port) (${selector(METRIC, [outbound, wanted])}) > 0)`,
  );
  const found = connections
    .filter(({ labels }) => !NO_NAMES.includes(labels.peer ?? ''))
    .sort((a, b) => b.value - a.value);
  const shown = found.slice(0, MOST);
  if (shown.length === 0) return { peers: [], isCut: false };
  const names = labelIsOneOf('peer', [...new Set(shown.map(({ labels }) => labels.peer ?? ''))]);
  const series = `${selector(METRIC, [outbound, names])} > 0`;
  const [hosts, containers] = await Promise.all([
    asking.query(`count by (peer, peer_port) (count by (peer, peer_port, job, instance) (${series}))`),
    asking.query(`count by (peer, peer_port) (${series})`),
  ]);
  const [hostsOf, containersOf] = [hosts, containers].map(
    (samples) => new Map(samples.map(({ labels, value }) => [keyOf(labels), value])),
  );
  const peers = shown.map(({ labels, value }): FleetPeer => {
    const port = Number(labels.peer_port || Number.NaN);
    return {
      peer: labels.peer ?? '',
      ...(Number.isInteger(port) && { port }),
      connections: value,
      hosts: hostsOf?.get(keyOf(labels)) ?? 0,
      containers: containersOf?.get(keyOf(labels)) ?? 0,
    };
  });
  return { peers, isCut: found.length > MOST };
}

function keyOf({ peer = '', peer_port = '' }: StoreLabels): string {
  return JSON.stringify([peer, peer_port]);
}
