import type { EventTap } from '../events/event-tap.ts';
import { Mailbox } from './mailbox.ts';

/** The most streams at once: each costs a socket and the bytes of a tick. */
const MOST = 256;

/** One reader. */
interface Reader {
  mailbox: Mailbox;
  /** Name of the row that its page shows; undefined for the overview. */
  container: string | undefined;
  /** Collects the events of connections for it; undefined where it wants none. */
  tap: EventTap | undefined;
}

/** The readers of the live stream, and the latest event of each kind for those that come. */
export class Streams {
  readonly #readers = new Set<Reader>();
  readonly #latest = new Map<string, { id: number; data: string }>();
  /** Ids begin with the time of the start, so that they increase over restarts. */
  #id = Date.now() * 1000;

  get count(): number {
    return this.#readers.size;
  }

  /** Whether another reader may come. */
  get isFull(): boolean {
    return this.#readers.size >= MOST;
  }

  /**
   * Sends an event to everyone, and to those that come later.
   *
   * @param data made into JSON only where somebody reads, or `isKept`
   * @param isKept whether those that come later get it, unless they have it already
   */
  send(kind: string, data: () => unknown, isKept: boolean): void {
    if (this.#readers.size === 0 && !isKept) return;
    const event = { kind, id: ++this.#id, data: JSON.stringify(data()) };
    if (isKept) this.#latest.set(kind, event);
    for (const { mailbox } of this.#readers) mailbox.put(event);
  }

  /** Sends what a page shows of one row to the pages that show it. @param data undefined where there is no such row now */
  sendContainers(data: (container: string) => unknown): void {
    const texts = new Map<string, string | undefined>();
    for (const { mailbox, container } of this.#readers) {
      if (container === undefined) continue;
      if (!texts.has(container)) texts.set(container, JSON.stringify(data(container)));
      const text = texts.get(container);
      if (text !== undefined) mailbox.put({ kind: 'container', id: ++this.#id, data: text });
    }
  }

  /** Sends what happened to connections to those that want it; who has not taken the last batch gets both as one later. */
  sendEvents(atMs: number): void {
    for (const { mailbox, tap } of this.#readers) {
      if (tap === undefined || mailbox.has('events')) continue;
      mailbox.put({ kind: 'events', id: ++this.#id, data: JSON.stringify(tap.take(atMs)) });
    }
  }

  /**
   * Adds a reader.
   *
   * @param tap see {@link Reader.tap}
   * @param lastId of the last event that it has; undefined for none
   * @param first the events that it gets at once, besides those that are kept
   */
  open(
    container: string | undefined,
    lastId: number | undefined,
    first: Readonly<Record<string, unknown>>,
    tap?: EventTap,
  ): Reader {
    const reader: Reader = { mailbox: new Mailbox(), container, tap };
    for (const [kind, event] of this.#latest)
      if (lastId === undefined || event.id > lastId) reader.mailbox.put({ kind, ...event });
    for (const [kind, data] of Object.entries(first))
      if (data !== undefined) reader.mailbox.put({ kind, id: ++this.#id, data: JSON.stringify(data) });
    this.#readers.add(reader);
    return reader;
  }

  close(reader: Reader): void {
    reader.mailbox.close();
    this.#readers.delete(reader);
  }

  /** Ends every stream. */
  closeAll(): void {
    for (const reader of [...this.#readers]) this.close(reader);
  }
}
