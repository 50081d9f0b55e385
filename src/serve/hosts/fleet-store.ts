import { labelIs, selector } from '../store/promql.ts';
import type { StoreLabels, StoreSample } from '../store/store-answer.ts';
import type { StoreClient } from '../store/store-client.ts';
import type { Turns } from './turns.ts';

/** What the hosts of a store are read with. */
export type FleetStore = Pick<StoreClient, 'query' | 'get' | 'host'>;

/** A host that sent nothing for so long is silent, milliseconds. */
export const SILENT_MS = 120_000;

/** A silent host stays for so long, milliseconds. */
export const KEPT_MS = 86_400_000;

/** Answers to one question, with what all of its parts lack. */
export class Asking {
  readonly warnings = new Set<string>();
  readonly #store: FleetStore;
  readonly #turns: Turns;

  /** @param turns of all questions to this store */
  constructor(store: FleetStore, turns: Turns) {
    this.#store = store;
    this.#turns = turns;
  }

  /** The series of an expression, now. @throws {StoreError} */
  async query(expression: string): Promise<readonly StoreSample[]> {
    const { data, warnings } = await this.#turns.take(() => this.#store.query(expression));
    for (const warning of warnings) this.warnings.add(warning);
    return data.filter(({ value }) => Number.isFinite(value));
  }

  /** As `StoreClient.get`. @throws {StoreError} */
  async get(path: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
    const { data, warnings } = await this.#turns.take(() => this.#store.get(path, parameters));
    for (const warning of warnings) this.warnings.add(warning);
    return data;
  }
}

/** The last values of two minutes: a scrape that failed, and the end of a series, do not make a host silent at once. */
export function recent(metric: string, ...matchers: readonly string[]): string {
  return `last_over_time(${selector(metric, matchers)}[${SILENT_MS / 1000}s])`;
}

/** Identifies a host: its labels `job` and `instance`. */
export function hostId({ job = '', instance = '' }: StoreLabels): string {
  return job === '' ? instance : `${job}/${instance}`;
}

/** Matchers of the series of a host. */
export function ofHost({ job = '', instance }: { job?: string; instance: string }): string[] {
  return [labelIs('job', job), labelIs('instance', instance)];
}
