import fs from 'node:fs';
import { NamedProcesses } from '../../procfs/named-processes.ts';
import type { Runtime } from '../../runtimes/runtime.ts';
import type { RuntimePlace, RuntimeSource } from '../../runtimes/runtime-source.ts';

/** How long an answer is used again, milliseconds: one question of a user asks for the runtimes several times. */
const FRESH_MS = 1000;

/** Finds the runtimes of a machine. Sockets come and go while it is watched: an answer is used for one second. */
export class RuntimeFinder {
  readonly #sources: readonly RuntimeSource[];
  readonly #processes: ProcessesByName;
  /** By {@link RuntimePlace.key}. */
  #open = new Map<string, Runtime>();
  #foundMs = Number.NEGATIVE_INFINITY;

  /** @param sources in the order in which their runtimes are asked */
  constructor(sources: readonly RuntimeSource[], processes: ProcessesByName) {
    this.#sources = sources;
    this.#processes = processes;
  }

  /** The runtimes that may answer now, each real socket once. A place that is found again has the runtime it had. */
  find(): readonly Runtime[] {
    const nowMs = performance.now();
    if (nowMs - this.#foundMs >= FRESH_MS) {
      const places = this.#sources.flatMap((source) => source.find((name) => this.#processes.pidsOf(name)));
      const open = new Map<string, Runtime>();
      for (const place of withoutRepetition(places)) open.set(place.key, this.#open.get(place.key) ?? place.open());
      this.#open = open;
      this.#foundMs = nowMs;
    }
    return [...this.#open.values()];
  }
}

/** The processes with some command names; looked for again when the last answer is a second old. */
export class ProcessesByName {
  readonly #names: ReadonlySet<string>;
  readonly #processes: NamedProcesses;
  #found = new Map<string, number[]>();
  #foundMs = Number.NEGATIVE_INFINITY;

  constructor(names: readonly string[], proc: string) {
    this.#names = new Set(names);
    this.#processes = new NamedProcesses(proc);
  }

  /** PIDs of the visible processes with a command name, ascending: the same array until they were looked for again. */
  pidsOf(name: string): readonly number[] {
    const nowMs = performance.now();
    if (nowMs - this.#foundMs >= FRESH_MS) {
      this.#found = this.#processes.find(this.#names, nowMs);
      this.#foundMs = nowMs;
    }
    return this.#found.get(name) ?? NONE;
  }
}

const NONE: readonly number[] = [];

/** A socket may have several paths: links, mounts, the same folder seen through several processes. */
function withoutRepetition(places: readonly RuntimePlace[]): RuntimePlace[] {
  const seen = new Set<string>();
  return places.filter(({ key, socket }) => {
    const file = socket === undefined ? undefined : fileIdentity(socket.path);
    const identity = file === undefined ? key : `${socket?.protocol} ${file}`;
    return !seen.has(identity) && seen.add(identity);
  });
}

/** Device and inode of a file; undefined where there is none, or it may not be looked up. */
function fileIdentity(path: string): string | undefined {
  const stat = statIfPermitted(path);
  return stat && `${stat.dev}:${stat.ino}`;
}

function statIfPermitted(path: string): fs.BigIntStats | undefined {
  try {
    return fs.statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
