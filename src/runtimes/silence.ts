import { RuntimeError } from './runtime.ts';

/** How long a runtime that did not answer in time is not asked again, milliseconds. */
const SILENT_MS = 30_000;

/**
 * Remembers that a runtime did not answer in time. An answer to a user takes several questions, for some verbs one for
 * each container: only the first of them waits.
 */
export class Silence {
  #error: RuntimeError | undefined;
  #untilMs = 0;

  /**
   * Asks, unless a question was not answered in time a short while ago.
   *
   * @throws {RuntimeError} what the question throws, or what that earlier one threw
   */
  async unless<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#error !== undefined && performance.now() < this.#untilMs) throw this.#error;
    try {
      const answer = await ask();
      this.end();
      return answer;
    } catch (error) {
      if (error instanceof RuntimeError && error.kind === 'silent') {
        this.#error = error;
        this.#untilMs = performance.now() + SILENT_MS;
      }
      throw error;
    }
  }

  /** The runtime has shown that it lives: an event, an answer. */
  end(): void {
    this.#error = undefined;
  }
}
