import { labelIsOneOf, selector } from '../store/promql.ts';
import type { StoreLabels } from '../store/store-answer.ts';
import { type Asking, hostId, KEPT_MS, recent } from './fleet-store.ts';

/** The metric that every host has, with its name and the address of its page. */
const INFO = 'socklens_instance_info';

/** The list of all hosts is read again after so long, milliseconds: it changes with new hosts alone. */
const LISTED_MS = 60_000;

/** Silent hosts that are asked for at once. */
const AT_ONCE = 100;

/** What a host says of itself. */
export interface HostIdentity {
  id: string;
  labels: StoreLabels;
  /** Of its label `host`; empty where it has none. */
  name: string;
  /** Of its label `url`; undefined for what is no address of a page. */
  url: string | undefined;
}

/** The hosts of a store. */
export interface KnownHosts {
  /** Those that were stored within two minutes, each as often as it calls itself differently. */
  live: readonly HostIdentity[];
  /** The others of the last day, and when they were last stored, milliseconds since the epoch. */
  silent: readonly (HostIdentity & { lastSeenMs: number })[];
}

/**
 * Which hosts there are, and which of them are silent. When a silent host was last stored is a question over a day: it is
 * asked once for each.
 */
export class HostList {
  #listed: { atMs: number; hosts: readonly HostIdentity[] } | undefined;
  /** Of hosts that are silent; undefined for one that was not stored within a day. */
  readonly #lastSeenMs = new Map<string, number | undefined>();

  /** @throws {StoreError} */
  async read(asking: Asking, nowMs: number): Promise<KnownHosts> {
    const [live, listed] = await Promise.all([asking.query(recent(INFO)), this.#list(asking, nowMs)]);
    const identities = live.map(({ labels }) => identityOf(labels));
    const liveIds = new Set(identities.map(({ id }) => id));
    for (const id of liveIds) this.#lastSeenMs.delete(id);
    const absent = new Map(listed.filter(({ id }) => !liveIds.has(id)).map((one) => [one.id, one]));
    await this.#lookUp(asking, [...absent.values()]);
    const oldestMs = nowMs - KEPT_MS;
    const silent = [...absent.values()].flatMap((one) => {
      const lastSeenMs = this.#lastSeenMs.get(one.id);
      return lastSeenMs === undefined || lastSeenMs < oldestMs ? [] : [{ ...one, lastSeenMs }];
    });
    return { live: identities, silent };
  }

  async #list(asking: Asking, nowMs: number): Promise<readonly HostIdentity[]> {
    if (this.#listed !== undefined && nowMs - this.#listed.atMs < LISTED_MS) return this.#listed.hosts;
    const start = String(Math.floor((nowMs - KEPT_MS) / 1000));
    const series = await asking.get('series', { 'match[]': INFO, start });
    const hosts = Array.isArray(series) ? series.filter(isLabels).map(identityOf) : [];
    this.#listed = { atMs: nowMs, hosts };
    return hosts;
  }

  async #lookUp(asking: Asking, absent: readonly HostIdentity[]): Promise<void> {
    const unknown = absent.filter(({ id }) => !this.#lastSeenMs.has(id));
    for (let from = 0; from < unknown.length; from += AT_ONCE) {
      const part = unknown.slice(from, from + AT_ONCE);
      const instances = labelIsOneOf(
        'instance',
        part.map(({ labels }) => labels.instance ?? ''),
      );
      const times = `max_over_time(timestamp(${selector(INFO, [instances])})[${KEPT_MS / 1000}s:60s])`;
      const found = await asking.query(`max by (job, instance) (${times})`);
      const seconds = new Map(found.map(({ labels, value }) => [hostId(labels), value]));
      for (const { id } of part) {
        const value = seconds.get(id);
        this.#lastSeenMs.set(id, value === undefined ? undefined : value * 1000);
      }
    }
  }
}

function identityOf(labels: StoreLabels): HostIdentity {
  return { id: hostId(labels), labels, name: labels.host ?? '', url: pageUrl(labels.url ?? '') };
}

/**
 * The address of a page, without a slash at its end; undefined for what is no http or https address. Whoever sends metrics
 * chooses the text, and it becomes a link.
 */
function pageUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '')
    return undefined;
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function isLabels(value: unknown): value is StoreLabels {
  return typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string');
}
