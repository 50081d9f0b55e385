import { Failure } from '../../model/failure.ts';
import type { FleetContainersAnswer, FleetPeersAnswer, HostsAnswer } from '../protocol/hosts.ts';
import type { Discovery } from './discovery.ts';
import { alertsAbout, readAlerts } from './fleet-alerts.ts';
import { containersOf, troubledContainers } from './fleet-containers.ts';
import { readPeers } from './fleet-peers.ts';
import { Asking, type FleetStore, KEPT_MS, SILENT_MS } from './fleet-store.ts';
import { readNumbers, rowsOf } from './host-rows.ts';
import { HostList } from './known-hosts.ts';
import { hostsByTrouble } from './order.ts';
import { Turns } from './turns.ts';

/** An answer is good for so long, milliseconds: all pages that are open ask the store as often as one. */
const FRESH_MS = 5000;

/** Questions at once: VictoriaMetrics answers twice as many as it has cores, and has other readers. */
const AT_ONCE = 3;

/** What the store of many hosts has of them, from their totals. Nothing is kept but what was just answered. */
export class Fleet {
  readonly #store: FleetStore;
  readonly #discovery: Discovery;
  readonly #list = new HostList();
  readonly #turns = new Turns(AT_ONCE);
  /** By question. */
  readonly #answers = new Map<string, { atMs: number; answer: Promise<unknown> }>();

  /** @param discovery hosts that have a row even where nothing of them is stored */
  constructor(store: FleetStore, discovery: Discovery) {
    this.#store = store;
    this.#discovery = discovery;
  }

  /** @throws {StoreError} */
  hosts(): Promise<HostsAnswer> {
    return this.#fresh('hosts', () => this.#readHosts());
  }

  /**
   * Containers in trouble, or all of one host.
   *
   * @param host its id; undefined for all hosts
   * @throws {StoreError}, and {@link Failure} `no-target` for a host that is not known
   */
  containers(host: string | undefined): Promise<FleetContainersAnswer> {
    return this.#fresh(`containers ${host ?? ''}`, async () => {
      const { hosts } = await this.hosts();
      const asking = new Asking(this.#store, this.#turns);
      const wanted = hosts.find(({ id }) => id === host);
      if (host !== undefined && wanted === undefined) throw new Failure('no-target', `${host}: no such host`);
      const found = wanted === undefined ? troubledContainers(asking, hosts) : containersOf(asking, wanted);
      const { containers, isCut } = await found;
      return { atMs: Date.now(), containers, ...(isCut && { isCut }), warnings: [...asking.warnings] };
    });
  }

  /** Peers by name. @param name a part of it; empty for all. @throws {StoreError} */
  peers(name: string): Promise<FleetPeersAnswer> {
    return this.#fresh(`peers ${name}`, async () => {
      const asking = new Asking(this.#store, this.#turns);
      const { peers, isCut } = await readPeers(asking, name);
      return { atMs: Date.now(), peers, ...(isCut && { isCut }), warnings: [...asking.warnings] };
    });
  }

  async #readHosts(): Promise<HostsAnswer> {
    const asking = new Asking(this.#store, this.#turns);
    const atMs = Date.now();
    const [known, numbers, alerts] = await Promise.all([
      this.#list.read(asking, atMs),
      readNumbers(asking),
      readAlerts(asking),
    ]);
    const rows = rowsOf(known, numbers, this.#discovery.hosts);
    const about = alertsAbout(alerts, rows);
    const firing = Map.groupBy(
      about.filter(({ state }) => state === 'firing'),
      ({ host }) => host,
    );
    const hosts = rows.map((row) => ({ ...row, alerts: firing.get(row.id)?.length ?? 0 })).sort(hostsByTrouble);
    return {
      atMs,
      store: this.#store.host,
      silentAfterMs: SILENT_MS,
      keptForMs: KEPT_MS,
      hosts,
      alerts: about,
      warnings: [...asking.warnings],
    };
  }

  /** The answer of a moment ago, or a new one; of several that ask at once one asks the store. */
  #fresh<Answer>(question: string, ask: () => Promise<Answer>): Promise<Answer> {
    const now = Date.now();
    for (const [key, { atMs }] of this.#answers) if (Math.abs(now - atMs) >= FRESH_MS) this.#answers.delete(key);
    const known = this.#answers.get(question);
    if (known !== undefined) return known.answer as Promise<Answer>;
    const answer = ask();
    const entry = { atMs: now, answer };
    this.#answers.set(question, entry);
    // A failure is no answer: who asks next asks again.
    answer.catch(() => {
      if (this.#answers.get(question) === entry) this.#answers.delete(question);
    });
    return answer;
  }
}
