import fs from 'node:fs';
import path from 'node:path';
import { reasonOf } from '../../base/errno.ts';
import { Failure } from '../../model/failure.ts';
import { type Incident, incidentId, isIncidentId, parseIncident } from './incident.ts';

/** Longest name of an incident, characters. */
const LONGEST_NAME = 100;

/** Greatest size of a file about an incident, bytes. */
const MAX_FILE_BYTES = 64 << 10;

/** An incident to be saved. */
type NewIncident = Omit<Incident, 'id' | 'state' | 'bytes' | 'error'>;

/**
 * The incidents of a data folder: a file `ID.json` about each, and its recording `ID.slr`. A running `serve` and the command
 * line share it.
 */
export class IncidentFolder {
  readonly #folder: string;

  /** @param dataFolder as in `--data` */
  constructor(dataFolder: string) {
    this.#folder = path.join(dataFolder, 'incidents');
  }

  /** All, the newest first; none where there is no folder. @throws {Failure} `io` when it cannot be read */
  list(): Incident[] {
    let names: string[];
    try {
      names = fs.readdirSync(this.#folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw new Failure('io', `${this.#folder}: ${reasonOf(error)}`, { cause: error });
    }
    const ids = names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
    return ids.flatMap((id) => this.find(id) ?? []).sort((a, b) => b.atMs - a.atMs || (a.id < b.id ? 1 : -1));
  }

  /** Undefined for an unknown one, and where the file about it is damaged. */
  find(id: string): Incident | undefined {
    if (!isIncidentId(id)) return undefined;
    try {
      const file = this.#fileOf(id);
      if (fs.statSync(file).size > MAX_FILE_BYTES) return undefined;
      const incident = parseIncident(fs.readFileSync(file, 'utf8'));
      return incident?.id === id ? incident : undefined;
    } catch {
      return undefined;
    }
  }

  /** @throws {Failure} `usage` for an unknown one */
  get(id: string): Incident {
    const incident = this.find(id);
    if (incident === undefined) throw new Failure('usage', `${id}: no such incident; see socklens incident list`);
    return incident;
  }

  /** Path of the recording of an incident. @param id of one that {@link find} found */
  recordingOf(id: string): string {
    return path.join(this.#folder, `${id}.slr`);
  }

  /** When an incident came, went or was changed last; undefined without a folder. Nanoseconds since the epoch. */
  changedAtNs(): bigint | undefined {
    return fs.statSync(this.#folder, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
  }

  /** Adds one. @throws {Failure} `io` when it cannot be written */
  add(wanted: NewIncident, state: 'wanted' | 'recording'): Incident {
    try {
      fs.mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      for (let number = 1; ; number++) {
        const id = incidentId(wanted.atMs, number);
        const incident: Incident = { ...wanted, name: cleanName(wanted.name), id, state, bytes: 0 };
        try {
          // The name is taken before there is content in it.
          fs.closeSync(fs.openSync(this.#fileOf(id), 'wx', 0o600));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
          throw error;
        }
        this.save(incident);
        return incident;
      }
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure('io', `cannot save an incident in ${this.#folder}: ${reasonOf(error)}`, { cause: error });
    }
  }

  /** Replaces what is known of one. @throws {Failure} `io` when it cannot be written */
  save(incident: Incident): void {
    const file = this.#fileOf(incident.id);
    try {
      fs.writeFileSync(`${file}.new`, `${JSON.stringify(incident, undefined, 2)}\n`, { mode: 0o600 });
      fs.renameSync(`${file}.new`, file);
    } catch (error) {
      fs.rmSync(`${file}.new`, { force: true });
      throw new Failure('io', `${file}: ${reasonOf(error)}`, { cause: error });
    }
  }

  /** @throws {Failure} `usage` for an unknown one and a name that is too long, `io` when it cannot be written */
  rename(id: string, name: string): Incident {
    if (name.length > LONGEST_NAME) throw new Failure('usage', `a name has ${LONGEST_NAME} characters at most`);
    const incident = { ...this.get(id), name: cleanName(name) };
    this.save(incident);
    return incident;
  }

  /** Deletes one with its recording. @throws {Failure} `usage` for an unknown one, `io` when it cannot be deleted */
  delete(id: string): void {
    this.get(id);
    try {
      fs.rmSync(this.recordingOf(id), { force: true });
      fs.rmSync(this.#fileOf(id), { force: true });
    } catch (error) {
      throw new Failure('io', `${this.#fileOf(id)}: ${reasonOf(error)}`, { cause: error });
    }
  }

  /**
   * Deletes incidents until there are few enough: first those for which no person asked, the oldest first.
   *
   * @returns which
   */
  limit({ count, bytes }: { count: number; bytes: number }): Incident[] {
    const saved = this.list().filter(({ state }) => state === 'saved' || state === 'failed');
    const order = [...saved].sort((a, b) => Number(b.isAutomatic) - Number(a.isAutomatic) || a.atMs - b.atMs);
    const deleted: Incident[] = [];
    let left = saved.reduce((sum, incident) => sum + incident.bytes, 0);
    for (const incident of order) {
      // The newest stays, however large it is.
      const isFew = order.length - deleted.length <= count && left <= bytes;
      if (isFew || incident.id === saved[0]?.id) continue;
      this.delete(incident.id);
      deleted.push(incident);
      left -= incident.bytes;
    }
    return deleted;
  }

  /** Deletes what a process that was killed has left of recordings that it made. */
  removeParts(): void {
    const names = fs.existsSync(this.#folder) ? fs.readdirSync(this.#folder) : [];
    for (const name of names) {
      if (/\.slr\.(new|\d+)$/.test(name)) fs.rmSync(path.join(this.#folder, name), { force: true });
    }
  }

  #fileOf(id: string): string {
    return path.join(this.#folder, `${id}.json`);
  }
}

/** A name on one line. */
function cleanName(name: string): string {
  return name
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, LONGEST_NAME);
}
