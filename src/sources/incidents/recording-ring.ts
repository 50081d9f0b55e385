import fs from 'node:fs';
import path from 'node:path';

/** A recording of some of the last minutes. */
export interface Segment {
  file: string;
  /** Time of its first tick, milliseconds since the epoch; its last is before the next one's first. */
  fromMs: number;
  bytes: number;
}

const NAME = /^(\d{1,16})\.slr$/;

/** The recordings of the last minutes in a folder, the oldest first. Their files are named by the time of the first tick. */
export class RecordingRing {
  readonly #folder: string;
  #segments: Segment[];

  /** Those that an earlier process has left are taken over. */
  constructor(folder: string) {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#folder = folder;
    this.#segments = fs
      .readdirSync(folder)
      .flatMap((name) => {
        const fromMs = Number(NAME.exec(name)?.[1]);
        if (Number.isNaN(fromMs)) return [];
        const file = path.join(folder, name);
        return [{ file, fromMs, bytes: fs.statSync(file).size }];
      })
      .sort((a, b) => a.fromMs - b.fromMs);
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** The newest segment begins. Those of a time that comes again, after the clock was set back, are deleted. */
  begin(fromMs: number): Segment {
    const { again, before } = Object.groupBy(this.#segments, (one) => (one.fromMs >= fromMs ? 'again' : 'before'));
    for (const { file } of again ?? []) fs.rmSync(file, { force: true });
    const segment = { file: path.join(this.#folder, `${fromMs}.slr`), fromMs, bytes: 0 };
    this.#segments = [...(before ?? []), segment];
    return segment;
  }

  /**
   * Deletes the oldest segments while they are too old or too large together. The newest stays.
   *
   * @param sinceMs what begins before it is kept only as far as it reaches beyond it
   * @param neededMs as `sinceMs`, for what an incident is made of: it stays, however large, up to twice the bytes
   */
  drop(sinceMs: number, maxBytes: number, neededMs: number | undefined): void {
    for (;;) {
      const [oldest, next] = this.#segments;
      if (oldest === undefined || next === undefined) return;
      const isNeeded = neededMs !== undefined && next.fromMs > neededMs;
      const isOld = next.fromMs <= sinceMs && !isNeeded;
      if (!isOld && this.bytes <= (isNeeded ? 2 * maxBytes : maxBytes)) return;
      fs.rmSync(oldest.file, { force: true });
      this.#segments.shift();
    }
  }

  /** What reaches into a time, in its order. */
  between(fromMs: number, toMs: number): Segment[] {
    return this.#segments.filter((segment, index) => {
      const endMs = this.#segments[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
      return segment.fromMs <= toMs && endMs > fromMs;
    });
  }
}
