import { perObject } from '../../base/memo.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import { isLoopback } from '../../model/socket/loopback.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { TIMER } from '../../model/socket/timers.ts';
import { localAddresses } from '../peers/namespace-by-address.ts';
import { lastDump, tcpIn } from '../snapshots/snapshots.ts';
import { roleOf } from './clients.ts';
import { Triples } from './triples.ts';

/** How long the kernel keeps an entry, TCP_TIMEWAIT_LEN of include/net/tcp.h; no setting changes it. */
export const TIME_WAIT_MS = 60_000;

/**
 * When connections from a namespace to one endpoint were closed, during the last minute, by the TIME_WAIT entries of
 * both sides: whoever closes first keeps one. A lower bound, since entries can be reused or be too many for the table.
 */
export interface ClosedMinute {
  peer: string;
  port: number;
  /** When each was closed, milliseconds since the epoch. */
  closedAtMs: number[];
  /** How many of them this side closed first; the others were closed first by a server on this machine. */
  here: number;
}

/** What the last dump of a namespace, and those of the servers that were watched with it, remember. */
export function closedMinuteOf(series: Series, netns: NetnsSeries): readonly ClosedMinute[] {
  return memoryOf(series)(netns);
}

const memoryOf = perObject((series: Series) => {
  const servers = serverEntries(series);
  return perObject((netns: NetnsSeries): readonly ClosedMinute[] => {
    const endpoints = new Triples<string, string, ClosedMinute>();
    const at = (peer: string, port: number) =>
      endpoints.at('', peer, port, () => ({ peer, port, closedAtMs: [], here: 0 }));
    for (const { peer, port, closedAtMs } of entriesOf(netns, 'client')) {
      const minute = at(peer, port);
      minute.closedAtMs.push(closedAtMs);
      minute.here++;
    }
    for (const address of ownAddresses(netns)) {
      const home = isLoopback(address) ? netns : undefined;
      for (const entry of servers.get(clientKey(address, home)) ?? []) {
        at(entry.server, entry.serverPort).closedAtMs.push(entry.closedAtMs);
      }
    }
    return endpoints.values();
  });
});

interface Entry {
  peer: string;
  port: number;
  server: string;
  serverPort: number;
  closedAtMs: number;
}

/** TIME_WAIT entries of servers of all namespaces, by the address of their client. */
function serverEntries({ namespaces }: Series): Map<string, Entry[]> {
  const byClient = new Map<string, Entry[]>();
  for (const netns of namespaces) {
    for (const entry of entriesOf(netns, 'server')) {
      const key = clientKey(entry.peer, isLoopback(entry.peer) ? netns : undefined);
      const known = byClient.get(key);
      if (known === undefined) byClient.set(key, [entry]);
      else known.push(entry);
    }
  }
  return byClient;
}

/** @param home the namespace of a loopback address, which means another machine in each of them */
function clientKey(address: string, home: NetnsSeries | undefined): string {
  return home === undefined ? address : `${home.namespace.netns} ${address}`;
}

function entriesOf(netns: NetnsSeries, role: 'client' | 'server'): Entry[] {
  const dump = lastDump(netns);
  if (dump === undefined) return [];
  return tcpIn(dump, TCP_STATE.TIME_WAIT).flatMap((socket): Entry[] => {
    const { local, localPort, peer, peerPort, timer, timerExpiresMs } = socket;
    if (local === undefined || peer === undefined || timer !== TIMER.TIME_WAIT || timerExpiresMs === undefined)
      return [];
    if (roleOf(netns, socket) !== role) return [];
    const ageMs = Math.max(0, TIME_WAIT_MS - timerExpiresMs);
    return [
      {
        peer: peer.plain,
        port: peerPort,
        server: local.plain,
        serverPort: localPort,
        closedAtMs: dump.atMs - ageMs,
      },
    ];
  });
}

function ownAddresses(netns: NetnsSeries): Set<string> {
  const addresses = new Set(localAddresses(netns));
  for (const { addresses: given } of netns.namespace.containers)
    for (const { address } of given) addresses.add(address);
  // localAddresses() leaves them out: they are the same in every namespace.
  for (const { peer } of entriesOf(netns, 'server')) if (isLoopback(peer)) addresses.add(peer);
  return addresses;
}
