const Base: new (buffer: ArrayBuffer) => DataView = DataView;

/**
 * A DataView that notices reads outside a window, and loops without end: every access is checked
 * against the window and counted against a budget.
 */
export class GuardedView extends Base {
  #from = 0;
  #to = 0;
  #budget = 0;

  /** From now on only bytes from `from` up to `to` may be read, and in at most `budget` accesses. */
  guard(from: number, to: number, budget: number): void {
    this.#from = from;
    this.#to = to;
    this.#budget = budget;
  }

  #check(at: number, size: number): void {
    if (--this.#budget < 0) throw new Error('reads without end');
    if (at < this.#from || at + size > this.#to) {
      throw new Error(`read of ${size} bytes at ${at}, outside ${this.#from} to ${this.#to}`);
    }
  }

  override getUint8(at: number): number {
    this.#check(at, 1);
    return super.getUint8(at);
  }
  override getUint16(at: number, little?: boolean): number {
    this.#check(at, 2);
    return super.getUint16(at, little);
  }
  override getUint32(at: number, little?: boolean): number {
    this.#check(at, 4);
    return super.getUint32(at, little);
  }
  override getInt32(at: number, little?: boolean): number {
    this.#check(at, 4);
    return super.getInt32(at, little);
  }
  override getBigUint64(at: number, little?: boolean): bigint {
    this.#check(at, 8);
    return super.getBigUint64(at, little);
  }
}

/** Other accessors must not be used: only those above are guarded. */
for (const name of ['getInt8', 'getInt16', 'getBigInt64', 'getFloat32', 'getFloat64'] as const) {
  Object.defineProperty(GuardedView.prototype, name, {
    value: () => {
      throw new Error(`${name} is not guarded: add it to GuardedView`);
    },
  });
}
