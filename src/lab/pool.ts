/** What a pool needs of a connection. */
export interface Pooled {
  /** True when it is of no more use. */
  readonly closed: boolean;
  close(): void;
}

/** What a pool counts. */
export interface PoolCounts {
  /** Open now, or being opened. */
  open: number;
  /** Of them, those that nobody uses. */
  idle: number;
  /** Who waits for one, because `maxOpen` are open. */
  waiting: number;
  /** Since the start. */
  opened: number;
  /** Of those opened, the ones closed because `maxIdle` were idle already. */
  closedIdle: number;
  /** Openings that failed. */
  failed: number;
}

interface Waiter<C> {
  resolve(connection: C): void;
  reject(error: unknown): void;
}

/**
 * A pool with the habits of Go's database/sql (src/database/sql/sql.go): `maxIdle` says how many idle
 * connections are kept, and no more than that. How many are open at once is `maxOpen` alone, and 0,
 * its default, is no limit. Whoever takes a cap on the idle for a cap on the open has none.
 */
export class Pool<C extends Pooled> {
  readonly #open: () => Promise<C>;
  readonly #maxIdle: number;
  readonly #maxOpen: number;
  readonly #free: C[] = [];
  readonly #waiters: Waiter<C>[] = [];
  readonly #counts = { open: 0, opened: 0, closedIdle: 0, failed: 0 };

  /** @param open makes a connection @param limits as SetMaxIdleConns and SetMaxOpenConns */
  constructor(open: () => Promise<C>, limits: { maxIdle: number; maxOpen: number }) {
    this.#open = open;
    this.#maxOpen = limits.maxOpen;
    // As there: a cap on the open ones lowers the other.
    this.#maxIdle = limits.maxOpen > 0 ? Math.min(limits.maxIdle, limits.maxOpen) : limits.maxIdle;
  }

  get counts(): PoolCounts {
    return { ...this.#counts, idle: this.#free.length, waiting: this.#waiters.length };
  }

  /** Lends a connection: an idle one, a new one, or, at the cap, the next that comes back. */
  async acquire(): Promise<C> {
    for (let idle = this.#free.pop(); idle !== undefined; idle = this.#free.pop()) {
      if (!idle.closed) return idle;
      this.#counts.open--;
    }
    if (this.#maxOpen > 0 && this.#counts.open >= this.#maxOpen) {
      return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
    }
    return this.#make();
  }

  /** Takes one back. */
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

  async #make(): Promise<C> {
    // Counted before it is there, so that the cap holds while it is being opened.
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
    if (waiter !== undefined) this.#make().then(waiter.resolve, waiter.reject);
  }
}
