import fs from 'node:fs';
import type { ByteFile } from '../../base/elf.ts';
import { openAgain, RootFiles } from '../../kernel/root-files.ts';
import { readNofileLimit } from '../../procfs/limits.ts';
import { remoteMounts } from '../../procfs/mount-types.ts';
import { readArguments, readBeginning, readMappedFiles, withoutDeleted } from '../../procfs/process-files.ts';
import { type ProcessStat, readStat } from '../../procfs/stat.ts';
import type { ProcessView, ProgramFile, RelatedProcess, TextFile } from '../../stacks/process-view.ts';
import type { Machine } from '../machine.ts';
import type { Meter } from './caps.ts';

/** A text file is read up to here, bytes. */
const MOST_TEXT = 1 << 20;
/** Entries of a folder, descriptors and children that are read. */
const MOST_ENTRIES = 4096;
const MOST_DESCRIPTORS = 2048;
const MOST_CHILDREN = 256;
const MOST_THREADS = 64;
/** `/proc/PID/mountinfo` is at most this long, bytes. */
const MOST_MOUNTS = 1 << 20;
const TICK_MS = 10;
/** A container's first process often writes its configuration before it becomes the program, with the same start. */
const ENTRYPOINT_MS = 5_000;

/** What was read of executables, for all processes that run them: by device, inode, size and time of change. */
export type ExecutableCache = Map<string, Map<string, unknown>>;

/**
 * Where file systems of other machines are mounted, for all processes that see the same mounts: by mount namespace and
 * root. A host with a thousand network namespaces has a mount for each.
 */
export type RemoteMounts = Map<string, readonly string[]>;

/** What processes that are looked at in one go have in common. */
export interface Shared {
  executables: ExecutableCache;
  mounts: RemoteMounts;
}

/** A process of this machine, over `/proc`. Holds the root of the process until {@link close}. */
export class LiveProcess implements ProcessView {
  readonly pid: number;
  readonly startTicks: number;
  readonly name: string;
  readonly argv: readonly string[];
  readonly cwd: string | undefined;
  readonly executable: ProgramFile | undefined;
  readonly #machine: Machine;
  readonly #folder: string;
  readonly #stat: ProcessStat;
  readonly #meter: Meter;
  readonly #files: RootFiles | undefined;
  readonly #fds: number[] = [];
  /** Path of its root in the reader's: links of `/proc` are spelled from there. */
  readonly #rootPath: string;
  readonly #startedMs: number;

  private constructor(machine: Machine, stat: ProcessStat, meter: Meter, { executables, mounts }: Shared) {
    this.#machine = machine;
    this.#stat = stat;
    this.#meter = meter;
    this.pid = stat.pid;
    this.startTicks = stat.startTicks;
    this.name = stat.name;
    this.#folder = `${machine.proc}/${stat.pid}`;
    this.argv = readArguments(this.#folder);
    this.#rootPath = linkOf(`${this.#folder}/root`) ?? '/';
    this.cwd = this.#inside(linkOf(`${this.#folder}/cwd`));
    this.#startedMs = startOf(machine, stat);
    const remote = this.#remoteMounts(mounts);
    // Without the list of mounts nothing is known to be local.
    if (remote !== undefined) this.#files = this.#openRoot(remote);
    const program = this.#inside(linkOf(`${this.#folder}/exe`));
    if (program !== undefined && !isBelow(remote ?? [], program))
      this.executable = this.#openExecutable(program, executables);
  }

  /** @returns undefined where the process has exited or is a zombie */
  static open(machine: Machine, pid: number, meter: Meter, shared: Shared): LiveProcess | undefined {
    const stat = readStat(pid, machine.proc);
    return stat === undefined || stat.state === 'Z' ? undefined : new LiveProcess(machine, stat, meter, shared);
  }

  /** Whether the PID still is this process. */
  isSame(): boolean {
    return readStat(this.pid, this.#machine.proc)?.startTicks === this.startTicks;
  }

  close(): void {
    this.#files?.close();
    for (const fd of this.#fds.splice(0)) fs.closeSync(fd);
  }

  get nofile(): ProcessView['nofile'] {
    return readNofileLimit(this.pid, this.#machine.proc);
  }

  parent(): RelatedProcess | undefined {
    return this.#related(this.#stat.parentPid);
  }

  children(): readonly RelatedProcess[] {
    return this.#childrenOf(this.pid);
  }

  siblings(): readonly RelatedProcess[] {
    return this.#childrenOf(this.#stat.parentPid);
  }

  #childrenOf(parent: number): RelatedProcess[] {
    const folder = `${this.#machine.proc}/${parent}/task`;
    const pids: number[] = [];
    for (const thread of namesOf(folder).slice(0, MOST_THREADS)) {
      const text = readBeginning(`${folder}/${thread}/children`, MOST_CHILDREN * 8)?.toString('latin1');
      pids.push(
        ...(text ?? '')
          .split(' ')
          .filter((word) => word !== '')
          .map(Number),
      );
    }
    return pids.slice(0, MOST_CHILDREN).flatMap((pid) => this.#related(pid) ?? []);
  }

  mapped(): readonly string[] {
    if (!this.#meter.take(0)) return [];
    return readMappedFiles(this.#folder).flatMap((path) => this.#inside(path) ?? []);
  }

  opened(): readonly string[] {
    const paths: string[] = [];
    for (const fd of namesOf(`${this.#folder}/fd`).slice(0, MOST_DESCRIPTORS)) {
      if (!this.#meter.take(0)) break;
      const path = this.#inside(linkOf(`${this.#folder}/fd/${fd}`));
      if (path !== undefined) paths.push(path);
    }
    return paths;
  }

  text(path: string): TextFile | undefined {
    const whole = this.#absolute(path);
    const fd = whole === undefined || !this.#meter.take(0) ? undefined : this.#files?.openFile(whole);
    if (whole === undefined || fd === undefined) return undefined;
    try {
      const { size, mtimeMs } = fs.fstatSync(fd);
      const length = Math.min(size, MOST_TEXT);
      if (!this.#meter.take(length)) return undefined;
      const bytes = Buffer.alloc(length);
      const count = fs.readSync(fd, bytes, 0, length, 0);
      const text = bytes.toString('utf8', 0, count);
      return { path: whole, text, changed: mtimeMs > this.#startedMs + ENTRYPOINT_MS };
    } catch {
      return undefined;
    } finally {
      fs.closeSync(fd);
    }
  }

  file(path: string): ByteFile | undefined {
    const whole = this.#absolute(path);
    const fd = whole === undefined || !this.#meter.take(0) ? undefined : this.#files?.openFile(whole);
    if (fd === undefined) return undefined;
    this.#fds.push(fd);
    return this.#bytesOf(fd, fs.fstatSync(fd).size);
  }

  folder(path: string): readonly string[] | undefined {
    const whole = this.#absolute(path);
    return whole === undefined || !this.#meter.take(0) ? undefined : this.#files?.list(whole, MOST_ENTRIES);
  }

  /** @returns undefined where its mounts may not be read */
  #remoteMounts(known: RemoteMounts): readonly string[] | undefined {
    const namespace = linkOf(`${this.#folder}/ns/mnt`);
    const key = namespace && `${namespace} ${this.#rootPath}`;
    if (key !== undefined && known.has(key)) return known.get(key);
    const mounts = readBeginning(`${this.#folder}/mountinfo`, MOST_MOUNTS)?.toString('utf8');
    const remote = mounts === undefined ? undefined : remoteMounts(mounts);
    if (key !== undefined && remote !== undefined) known.set(key, remote);
    return remote;
  }

  #openRoot(remote: readonly string[]): RootFiles | undefined {
    return RootFiles.open(`${this.#folder}/root`, {
      calls: systemCalls(this.#machine),
      ...(remote.length > 0 && { refused: (path: string) => isBelow(remote, path) }),
    });
  }

  /** Its link in `/proc` leads to the file itself, also where it was replaced or deleted. */
  #openExecutable(path: string, cache: ExecutableCache): ProgramFile | undefined {
    const fd = openAgain(`${this.#folder}/exe`);
    if (fd === undefined) return undefined;
    this.#fds.push(fd);
    const { dev, ino, size, mtimeNs } = fs.fstatSync(fd, { bigint: true });
    const key = `${dev}:${ino}:${size}:${mtimeNs}`;
    const known = cache.get(key) ?? new Map<string, unknown>();
    cache.set(key, known);
    return {
      ...this.#bytesOf(fd, Number(size)),
      path,
      once: (what, read) => {
        // The path belongs to what is read: the same file can have another one.
        const name = `${what} ${path}`;
        if (known.has(name)) return known.get(name) as ReturnType<typeof read>;
        const result = read();
        // What was cut is not what the file has.
        if (!this.#meter.isCut) known.set(name, result);
        return result;
      },
    };
  }

  #bytesOf(fd: number, size: number): ByteFile {
    const read = (position: number, length: number) => {
      if (position < 0 || length < 0 || position + length > size || !this.#meter.take(length)) return undefined;
      const bytes = Buffer.allocUnsafe(length);
      try {
        return fs.readSync(fd, bytes, 0, length, position) === length ? bytes : undefined;
      } catch {
        return undefined;
      }
    };
    return { size, read, text: (position, length) => read(position, length)?.toString('latin1') };
  }

  #related(pid: number): RelatedProcess | undefined {
    const stat = pid === 0 || !this.#meter.take(0) ? undefined : readStat(pid, this.#machine.proc);
    if (stat === undefined) return undefined;
    return { pid, name: stat.name, argv: readArguments(`${this.#machine.proc}/${pid}`) };
  }

  #absolute(path: string): string | undefined {
    if (path.startsWith('/')) return path;
    return this.cwd === undefined ? undefined : `${this.cwd === '/' ? '' : this.cwd}/${path}`;
  }

  /** A path of a link in `/proc` as the process sees it; undefined for one that is outside of its root, and no file. */
  #inside(link: string | undefined): string | undefined {
    if (link === undefined || !link.startsWith('/')) return undefined;
    const path = withoutDeleted(link);
    if (this.#rootPath === '/') return path;
    if (path === this.#rootPath) return '/';
    return path.startsWith(`${this.#rootPath}/`) ? path.slice(this.#rootPath.length) : undefined;
  }
}

/** When a process started, milliseconds since the epoch. */
function startOf({ proc }: Machine, { startTicks }: ProcessStat): number {
  // `btime` has whole seconds only.
  const uptime = Number(readBeginning(`${proc}/uptime`, 64)?.toString('latin1').split(' ')[0]);
  return Number.isFinite(uptime) ? Date.now() - uptime * 1000 + startTicks * TICK_MS : 0;
}

function isBelow(mounts: readonly string[], path: string): boolean {
  return mounts.some((mount) => path === mount || mount === '/' || path.startsWith(`${mount}/`));
}

function systemCalls(machine: Machine) {
  try {
    return machine.systemCalls();
  } catch {
    return undefined;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return fs.readlinkSync(path);
  } catch {
    return undefined;
  }
}

function namesOf(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}
