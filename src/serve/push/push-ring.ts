import fs from 'node:fs';
import path from 'node:path';
import { makeFolder } from '../../history/make-folder.ts';

/** A request that is ready to be sent. */
export interface PushBatch {
  /** Time of its samples, milliseconds since the epoch. */
  atMs: number;
  samples: number;
  /** Compressed. */
  bytes: Uint8Array;
}

/** A batch on disk. */
interface Stored {
  file: string;
  atMs: number;
  samples: number;
  size: number;
}

/** How much is kept. */
export interface PushRingOptions {
  keepMs: number;
  maxBytes: number;
  /** Called with the number of samples that were given up, because they are too old or too many, or the disk is full. */
  onDropped(samples: number): void;
}

/** `1796040000000-000001-2600.snappy`. */
const NAME = /^(\d{13,16})-(\d{6})-(\d+)\.snappy$/;

/** What could not be sent yet, in files of a folder: the oldest is given up first. It outlives the process. */
export class PushRing {
  readonly #folder: string;
  readonly #options: PushRingOptions;
  #stored: Stored[];
  #sequence = 0;

  constructor(folder: string, options: PushRingOptions) {
    this.#folder = folder;
    this.#options = options;
    makeFolder(folder);
    this.#stored = fs.readdirSync(folder).flatMap((file) => storedOf(folder, file));
    this.#sort();
  }

  get isEmpty(): boolean {
    return this.#stored.length === 0;
  }

  /** Of all that waits. */
  get bytes(): number {
    return this.#stored.reduce((sum, { size }) => sum + size, 0);
  }

  /** Adds a batch. @param nowMs milliseconds since the epoch */
  put({ atMs, samples, bytes }: PushBatch, nowMs: number): void {
    this.#sequence = (this.#sequence + 1) % 1e6;
    const file = `${String(atMs).padStart(13, '0')}-${String(this.#sequence).padStart(6, '0')}-${samples}.snappy`;
    try {
      fs.writeFileSync(path.join(this.#folder, `${file}.new`), bytes, { mode: 0o600 });
      fs.renameSync(path.join(this.#folder, `${file}.new`), path.join(this.#folder, file));
    } catch {
      // The disk is full, or gone: what is there already is worth as much.
      fs.rmSync(path.join(this.#folder, `${file}.new`), { force: true });
      this.#options.onDropped(samples);
      return;
    }
    this.#stored.push({ file, atMs, samples, size: bytes.length });
    this.#sort();
    this.#prune(nowMs);
  }

  /** The oldest batch; undefined for none. */
  first(): (PushBatch & { file: string }) | undefined {
    for (;;) {
      const [oldest] = this.#stored;
      if (oldest === undefined) return undefined;
      try {
        return { ...oldest, bytes: fs.readFileSync(path.join(this.#folder, oldest.file)) };
      } catch {
        // Somebody removed it.
        this.#stored.shift();
        this.#options.onDropped(oldest.samples);
      }
    }
  }

  /** Removes a batch, because it arrived or is refused. */
  remove(file: string): void {
    this.#stored = this.#stored.filter((stored) => stored.file !== file);
    fs.rmSync(path.join(this.#folder, file), { force: true });
  }

  #prune(nowMs: number): void {
    const { keepMs, maxBytes, onDropped } = this.#options;
    for (;;) {
      const [oldest] = this.#stored;
      if (oldest === undefined || (nowMs - oldest.atMs <= keepMs && this.bytes <= maxBytes)) return;
      this.remove(oldest.file);
      onDropped(oldest.samples);
    }
  }

  #sort(): void {
    this.#stored.sort((a, b) => (a.file < b.file ? -1 : 1));
  }
}

function storedOf(folder: string, file: string): Stored[] {
  const match = NAME.exec(file);
  if (match === null) return [];
  const { size } = fs.statSync(path.join(folder, file));
  return [{ file, atMs: Number(match[1]), samples: Number(match[3]), size }];
}
