/** A connection of a pool. */
export interface Pooled {
  /** True when it can no longer be used. */
  readonly closed: boolean;
  close(): void;
}

/** Counters of a pool. */
export interface PoolCounts {
  /** Connections that are open or being opened. */
  open: number;
  /** Those of them that are not in use. */
  idle: number;
  /** Callers that wait for a connection because `maxOpen` are open. */
  waiting: number;
  /** Connections opened since the start. */
  opened: number;
  /** Connections closed because `maxIdle` others were idle. */
  closedIdle: number;
  /** Failed attempts to open a connection. */
  failed: number;
}

interface Waiter<C> {
  resolve(connection: C): void;
  reject(error: unknown): void;
}

/**
 * A connection pool that behaves like Go's database/sql (src/database/sql/sql.go): `maxIdle` limits the idle
 * connections only. `maxOpen` limits the open ones; 0, its default, is no limit. With `maxIdle` alone the number of
 * open connections is unlimited.
 */
export class Pool<C extends Pooled> {
  readonly #open: () => Promise<C>;
  readonly #maxIdle: number;
  readonly #maxOpen: number;
  readonly #free: C[] = [];
  readonly #waiters: Waiter<C>[] = [];
  readonly #counts = { open: 0, opened: 0, closedIdle: 0, failed: 0 };

  /** @param open opens a connection @param limits as SetMaxIdleConns and SetMaxOpenConns */
  constructor(open: () => Promise<C>, limits: { maxIdle: number; maxOpen: number }) {
    this.#open = open;
    this.#maxOpen = limits.maxOpen;
    // As in database/sql, maxOpen also limits the idle connections.
    this.#maxIdle = limits.maxOpen > 0 ? Math.min(limits.maxIdle, limits.maxOpen) : limits.maxIdle;
  }

  /** The counters now. */
  get counts(): PoolCounts {
    return { ...this.#counts, idle: this.#free.length, waiting: this.#waiters.length };
  }

  /**
   * Gives a connection: an idle one, a new one, or at the limit the next that is released.
   *
   * @throws what `open` throws
   */
  async acquire(): Promise<C> {
    for (let idle = this.#free.pop(); idle !== undefined; idle = this.#free.pop()) {
      if (!idle.closed) return idle;
      this.#counts.open--;
    }
    if (this.#maxOpen > 0 && this.#counts.open >= this.#maxOpen) {
      return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
    }
    return this.#openNew();
  }

  /** Takes a connection back after use. */
  release(connection: C): void {
    if (connection.closed) {
      this.#counts.open--;
      this.#openForWaiter();
      return;
    }
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve(connection);
    } else if (this.#free.length < this.#maxIdle) {
      this.#free.push(connection);
    } else {
      this.#counts.open--;
      this.#counts.closedIdle++;
      connection.close();
    }
  }

  async #openNew(): Promise<C> {
    // Counted before it is open, so that the limit applies while it is being opened.
    this.#counts.open++;
    try {
      const connection = await this.#open();
      this.#counts.opened++;
      return connection;
    } catch (error) {
      this.#counts.open--;
      this.#counts.failed++;
      this.#openForWaiter();
      throw error;
    }
  }

  #openForWaiter(): void {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) this.#openNew().then(waiter.resolve, waiter.reject);
  }
}
