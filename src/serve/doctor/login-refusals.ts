import { perObject } from '../../base/memo.ts';
import { refusedIn } from '../../doctor/pools/refusals.ts';
import { type Database, databaseAt } from '../../doctor/pools/servers.ts';
import type { NetnsSample } from '../../model/sample/sample.ts';
import type { Series } from '../../model/sample/series.ts';
import { isFailure } from '../../model/socket/connection-event.ts';
import { ownerOfEvent } from '../../queries/rows/netns-rows.ts';
import type { NetnsTick } from '../../sources/sample-source.ts';
import type { SocketsOfRow } from '../collector/collector.ts';

/** A pool: who connects, and to which endpoint. */
interface PoolKey extends SocketsOfRow {
  /** An IPv4-mapped one as plain IPv4. */
  address: string;
  port: number;
}

/** How many connections a second databases refused in the last interval, as the doctor recognises them: see `refusedIn`. */
export class LoginRefusals {
  #perSecond = new Map<string, number>();
  #atMs: number | undefined;

  /**
   * Takes what ended since the last tick.
   *
   * @param samples of the namespaces of a tick, in their order
   * @param series what was judged last: it knows which endpoints are databases; undefined before
   */
  take(
    atMs: number,
    namespaces: readonly NetnsTick[],
    samples: readonly NetnsSample[],
    series: Series | undefined,
  ): void {
    const elapsedMs = atMs - (this.#atMs ?? Number.POSITIVE_INFINITY);
    this.#atMs = atMs;
    this.#perSecond = new Map();
    if (!(elapsedMs > 0) || series === undefined) return;
    for (const [index, { namespace }] of namespaces.entries()) {
      for (const group of samples[index]?.closed ?? []) {
        const { proto, role, outcome, greetedOnly, peerAddress: address, peerPort: port, count } = group;
        if (greetedOnly === 0 || proto !== 'tcp' || role === 'server' || isFailure(outcome)) continue;
        const { netns } = namespace;
        const database = databaseOf(series, netns, address, port);
        const refused = database === undefined ? 0 : Math.min(refusedIn(group, database), count);
        if (refused === 0) continue;
        const key = keyOf({ netns, owner: ownerOfEvent(namespace, group), address, port });
        this.#perSecond.set(key, (this.#perSecond.get(key) ?? 0) + (refused * 1000) / elapsedMs);
      }
    }
  }

  /** Whether nobody was refused. */
  get isEmpty(): boolean {
    return this.#perSecond.size === 0;
  }

  /** Refused connections of a pool a second; 0 also for an endpoint that is no known database. */
  of(pool: PoolKey): number {
    return this.#perSecond.get(keyOf(pool)) ?? 0;
  }
}

function keyOf({ netns, owner, address, port }: PoolKey): string {
  return `${netns} ${owner} ${address} ${port}`;
}

/** Endpoints that were looked at, once for each judgement: that asks every container for its addresses. */
const databasesOf = perObject((_: Series) => new Map<string, Database | undefined>());

function databaseOf(series: Series, netns: number, address: string, port: number): Database | undefined {
  const known = databasesOf(series);
  const key = `${netns} ${address} ${port}`;
  if (!known.has(key)) {
    const from = series.namespaces.find(({ namespace }) => namespace.netns === netns);
    known.set(key, from && databaseAt(series, from, address, port));
  }
  return known.get(key);
}
