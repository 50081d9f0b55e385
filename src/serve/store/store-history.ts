import { exactDurationText } from '../../base/duration.ts';
import type { History, HistoryColumns, HistoryGap, HistoryQuery, HistoryValues } from '../../history/history.ts';
import type { LaneKey } from '../../model/report/series-names.ts';
import type { LabelSet } from '../metrics/label-set.ts';
import { labelOfPeer } from '../metrics/peer-names.ts';
import type { PoolLane } from '../protocol/container.ts';
import { fitGrid, type PointGrid, stepOfAtLeast } from './fit-step.ts';
import { promqlDuration, selector } from './promql.ts';
import { RowNames } from './row-names.ts';
import type { StoreLabels } from './store-answer.ts';
import type { StoreClient } from './store-client.ts';
import { StoreError } from './store-error.ts';
import { StoredColumns } from './stored-columns.ts';
import { type ExpressionParts, type Extreme, NOT_IN_METRICS, storedFamilies } from './stored-families.ts';
import { findHost, type OwnIdentity, type StoredHost } from './stored-host.ts';

/** What the history of a store is made of. */
export interface StoreHistoryOptions {
  client: Pick<StoreClient, 'host' | 'queryRange' | 'samples'>;
  /** Who this host is, at present. */
  identity(): OwnIdentity;
  /** The history of this host itself: of the last minutes, and in place of a store that does not answer. */
  own: Pick<History, 'read'>;
  /** Labels of the present rows in metrics, by their names. */
  labelsOfRows(): ReadonlyMap<string, LabelSet>;
  /** The present connections of a row. */
  lanesOf(name: string): readonly Pick<PoolLane, 'proto' | 'direction' | 'address' | 'name' | 'port'>[];
}

/** The last minutes are this host's own: a store has them late. */
const RECENT_MS = 300_000;

/** Moments at which sums over a question are made, at most. */
const MOST_SUMS = 10_000;

/** All questions together may take so long, milliseconds: somebody waits for the page. */
const READ_MS = 30_000;

/** Expressions that are asked at once. */
const PARALLEL = 6;

/** A store that was slow, busy or down is left alone for so long, milliseconds; or as long as it wants, up to the most. */
const PAUSE_MS = { least: 5_000, most: 60_000 };

/** The values of this host as a store has them. */
export class StoreHistory implements HistoryValues {
  readonly #options: StoreHistoryOptions;
  #failure: StoreError | undefined;
  /** The store is not asked before this time, by the clock that is never set. */
  #pausedUntil = 0;

  constructor(options: StoreHistoryOptions) {
    this.#options = options;
  }

  /** Why the last question was not answered, as a sentence; undefined where it was. */
  get trouble(): string | undefined {
    return this.#failure && `${this.#failure.message}; charts have what this host keeps itself`;
  }

  /** What the store has, and of the last minutes what this host has; of a store that does not answer, all that this host has. */
  async read(query: HistoryQuery, signal?: AbortSignal): Promise<HistoryColumns> {
    try {
      if (this.#failure !== undefined && performance.now() < this.#pausedUntil) throw this.#failure;
      const answer = await this.#readInTime(query, signal);
      this.#failure = undefined;
      return answer;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#note(error);
      const own = this.#options.own.read(query);
      const retryMs = Math.max(PAUSE_MS.least, Math.ceil(this.#pausedUntil - performance.now()));
      return { ...own, notes: [`${error.message}: shown is what this host keeps itself`], retryMs };
    }
  }

  async #readInTime(query: HistoryQuery, signal: AbortSignal | undefined): Promise<HistoryColumns> {
    const late = AbortSignal.timeout(READ_MS);
    try {
      return await this.#readStore(query, signal === undefined ? late : AbortSignal.any([late, signal]));
    } catch (error) {
      if (error instanceof StoreError || !late.aborted || signal?.aborted) throw error;
      throw new StoreError('slow', `the store ${this.#options.client.host} needs more than ${READ_MS / 1000} s`);
    }
  }

  #note(error: StoreError): void {
    if (error === this.#failure) return;
    this.#failure = error;
    const { fault, retryAfterMs = 0 } = error;
    const isOther = fault === 'refused' || fault === 'unauthorized';
    const waitMs = isOther ? 0 : Math.min(Math.max(retryAfterMs, PAUSE_MS.least), PAUSE_MS.most);
    this.#pausedUntil = performance.now() + waitMs;
  }

  async #readStore(query: HistoryQuery, signal: AbortSignal | undefined): Promise<HistoryColumns> {
    const { client } = this.#options;
    const identity = this.#options.identity();
    const host = await findHost(client, identity, query, signal);
    const grid = fitGrid(query, host?.distanceMs ?? 1000);
    const columns = new StoredColumns(grid);
    const warnings = host === undefined ? [] : await this.#readFamilies(query, host, grid, columns, signal);
    const sinceMs = Date.now() - RECENT_MS;
    this.#addRecent(query, sinceMs, columns);
    const unknown = columns.gaps(query, `the store ${client.host} has no samples of this host`);
    return {
      fromMs: grid.firstMs,
      stepMs: grid.stepMs,
      points: grid.points,
      series: columns.series(),
      gaps: this.#withReasons(unknown, query),
      notes: [...notesOf(client, identity, host), ...warnings],
    };
  }

  /** Reads every metric that the question is about. @returns what the answers lack, as the engine says it */
  async #readFamilies(
    query: HistoryQuery,
    host: StoredHost,
    grid: PointGrid,
    columns: StoredColumns,
    signal: AbortSignal | undefined,
  ): Promise<readonly string[]> {
    const { client, labelsOfRows } = this.#options;
    const names = new RowNames(labelsOfRows());
    const ofRows = query.containers === undefined ? [] : names.matchersOf(query.containers);
    const parts: ExpressionParts = {
      ...grid,
      matchers: [...host.matchers, ...ofRows],
      distanceMs: host.distanceMs,
      sumEveryMs: Math.min(
        grid.stepMs,
        stepOfAtLeast(Math.max(host.distanceMs, (query.toMs - query.fromMs) / MOST_SUMS)),
      ),
    };
    const isWanted = wantedNames(query.series);
    const isAsked = query.containers && new Set(query.containers);
    const families = storedFamilies((labels) => this.#laneOf(names.nameOf(labels), labels));
    const wanted = families.filter((family) => family.names.some((name) => mayBeWanted(name, query.series)));
    // Where each point is one sample, it has no extremes.
    const extremes: readonly Extreme[] = grid.stepMs > host.distanceMs ? ['avg', 'min', 'max'] : ['avg'];
    const range = {
      fromMs: grid.firstMs + grid.stepMs,
      toMs: grid.firstMs + grid.points * grid.stepMs,
      stepMs: grid.stepMs,
    };
    const presence = `sum(count_over_time(${selector('socklens_instance_info', host.matchers)}[${promqlDuration(grid.windowMs)}]))`;
    const zeroless = new Set<string>();
    const questions: (() => Promise<readonly string[]>)[] = [
      async () => {
        const { data, warnings } = await client.queryRange(presence, range, signal);
        for (const series of data) columns.addPresence(series);
        return warnings;
      },
      ...wanted.flatMap((family) =>
        extremes.map((extreme) => async () => {
          const { data, warnings } = await client.queryRange(family.expression(extreme, parts), range, signal);
          for (const series of data) {
            const [row, name] = [names.nameOf(series.labels), family.nameOf(series.labels)];
            if (name === undefined || !isWanted(name) || isAsked?.has(row) === false) continue;
            if (family.omitsZeros) zeroless.add(name);
            columns.add(row, name, extreme, series);
          }
          return warnings;
        }),
      ),
    ];
    const warnings = await inParallel(questions);
    columns.dropZeros(zeroless);
    columns.nameClients();
    return [...new Set(warnings.flat())];
  }

  /** Puts what this host has of the last minutes over what the store has. */
  #addRecent(query: HistoryQuery, sinceMs: number, columns: StoredColumns): void {
    if (query.toMs <= sinceMs) return;
    const fromMs = Math.max(query.fromMs, sinceMs);
    const recent = this.#options.own.read({ ...query, fromMs, points: Math.ceil((query.toMs - fromMs) / 1000) });
    columns.replace(recent, fromMs);
  }

  /** This host knows why it had no samples: the store does not. */
  #withReasons(gaps: readonly HistoryGap[], query: HistoryQuery): HistoryGap[] {
    if (gaps.length === 0) return [];
    const own = this.#options.own.read({ ...query, series: [], points: 1 }).gaps;
    return gaps.map((gap) => {
      const known = own.find(({ fromMs, toMs }) => fromMs < gap.toMs && toMs > gap.fromMs);
      return known === undefined ? gap : { ...gap, reason: known.reason };
    });
  }

  /** The present connections to the peer of a series; by its name where it has several addresses, or none now. */
  #laneOf(row: string, { peer = '', peer_port: port }: StoreLabels): LaneKey {
    const lanes = this.#options.lanesOf(row).filter((lane) => {
      const isSame = lane.proto === 'tcp' && lane.direction === 'out' && lane.port === Number(port);
      return isSame && lane.address !== undefined && labelOfPeer(lane.address, lane.name) === peer;
    });
    const [only, ...others] = lanes;
    const address = only?.address !== undefined && others.length === 0 ? only.address : peer;
    return { direction: 'out', address, port: Number(port) };
  }
}

/** Asks a few at a time. @throws what the first one throws that fails */
async function inParallel<T>(questions: readonly (() => Promise<T>)[]): Promise<T[]> {
  const answers: T[] = [];
  const waiting = questions.values();
  const ask = async () => {
    for (const question of waiting) answers.push(await question());
  };
  await Promise.all(Array.from({ length: PARALLEL }, ask));
  return answers;
}

/** Whether a name is among those of a question, where one that ends in `*` means all that begin so. */
function wantedNames(wanted: readonly string[]): (name: string) => boolean {
  const beginnings = wanted.filter((one) => one.endsWith('*')).map((one) => one.slice(0, -1));
  const whole = new Set(wanted);
  return (name) => whole.has(name) || beginnings.some((beginning) => name.startsWith(beginning));
}

/** Whether one of the names of a family can be wanted. */
function mayBeWanted(name: string, wanted: readonly string[]): boolean {
  const isBeginning = name.endsWith('*');
  const begin = isBeginning ? name.slice(0, -1) : name;
  return wanted.some((one) =>
    one.endsWith('*')
      ? begin.startsWith(one.slice(0, -1)) || (isBeginning && one.slice(0, -1).startsWith(begin))
      : isBeginning
        ? one.startsWith(begin)
        : one === name,
  );
}

function notesOf(
  { host: store }: Pick<StoreClient, 'host'>,
  { host, instance }: OwnIdentity,
  found: StoredHost | undefined,
): string[] {
  if (found === undefined) {
    const wanted = instance === undefined ? `of the host ${host}` : `of the instance ${instance}`;
    return [`the store ${store} has no samples ${wanted} in this time`];
  }
  const every = exactDurationText(found.distanceMs * 1000);
  const also = found.others.length === 0 ? '' : `, not as ${found.others.join(', ')}`;
  return [
    `read from the store ${store}, where this host is ${found.instance}${also}: a sample every ${every}, of the last 5m what this host has`,
    `the store has no metric of ${NOT_IN_METRICS}`,
  ];
}
