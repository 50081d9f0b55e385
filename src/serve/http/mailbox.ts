/** An event of a stream. */
export interface StreamEvent {
  kind: string;
  /** Increases from event to event of the server. */
  id: number;
  /** JSON, in one line. */
  data: string;
}

/**
 * Events on their way to one reader: of each kind only the latest, which is whole. A slow reader gets fewer events, never
 * old ones, and costs no memory.
 */
export class Mailbox {
  readonly #waiting = new Map<string, StreamEvent>();
  #wake: (() => void) | undefined;
  #isClosed = false;

  /** Puts an event in, in place of one of its kind that was not taken yet. */
  put(event: StreamEvent): void {
    if (this.#isClosed) return;
    this.#waiting.set(event.kind, event);
    this.#ring();
  }

  /** Whether an event of a kind was not taken yet. */
  has(kind: string): boolean {
    return this.#waiting.has(kind);
  }

  /** Ends the stream, after what waits. */
  close(): void {
    this.#isClosed = true;
    this.#ring();
  }

  /**
   * Takes what waits, in the order of its ids.
   *
   * @param waitMs how long to wait for an event
   * @returns empty after that time; undefined at the end
   */
  async take(waitMs: number): Promise<StreamEvent[] | undefined> {
    if (this.#waiting.size === 0 && !this.#isClosed) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, waitMs);
      });
      clearTimeout(timer);
      this.#wake = undefined;
    }
    if (this.#waiting.size === 0) return this.#isClosed ? undefined : [];
    const events = [...this.#waiting.values()].sort((a, b) => a.id - b.id);
    this.#waiting.clear();
    return events;
  }

  #ring(): void {
    this.#wake?.();
  }
}
