import { Failure } from '../../model/failure.ts';

/**
 * Why a store gave no answer that can be used.
 *
 * * `down`: no connection, or its name is unknown
 * * `slow`: no answer in time
 * * `busy`: it asks to be left alone (429), or is overloaded (503)
 * * `refused`: it will not answer this question: malformed, or too much at once (400, 422)
 * * `unauthorized`: credentials are missing, wrong, or not enough (401, 403)
 * * `broken`: an error of its own (500), a redirect, or what is no answer of Prometheus' API
 */
export type StoreFault = 'down' | 'slow' | 'busy' | 'refused' | 'unauthorized' | 'broken';

/** A store that gave no answer. The message names its host, never a secret. */
export class StoreError extends Failure {
  readonly fault: StoreFault;
  /** How long it wants to be left alone, milliseconds; undefined where it does not say. */
  readonly retryAfterMs: number | undefined;

  constructor(fault: StoreFault, message: string, retryAfterMs?: number) {
    super('io', message);
    this.fault = fault;
    this.retryAfterMs = retryAfterMs;
  }
}
