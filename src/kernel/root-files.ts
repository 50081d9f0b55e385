import fs from 'node:fs';
import { errnoOf } from '../base/errno.ts';
import { SystemCallError, type SystemCalls } from './system-calls.ts';

/** Flags of open(2) that Node has no name for; the same on every architecture that Node supports. */
const O_PATH = 0x20_0000;
const O_CLOEXEC = 0x8_0000;
const { O_RDONLY, O_NONBLOCK, O_NOCTTY, O_NOATIME, O_NOFOLLOW, O_DIRECTORY } = fs.constants;

/** How openat2(2) resolves a path, include/uapi/linux/openat2.h. */
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_IN_ROOT = 0x10;

/** The kernel answers EAGAIN when something was renamed while it resolved `..`. */
const RETRIES = 3;
/** Symbolic links on one path, as in the kernel. */
const MOST_LINKS = 40;
/** PATH_MAX. */
const LONGEST_PATH = 4095;

/** What a path is opened with, and what is refused. */
export interface RootFilesOptions {
  /** Undefined where system calls are not available: paths are resolved by hand then. */
  calls?: SystemCalls | undefined;
  /**
   * Paths below the root that must not be touched, because their file system can hang. Each part of a path is asked
   * for, with links resolved: a given function costs opening by hand.
   */
  refused?: ((path: string) => boolean) | undefined;
}

/**
 * Files below the root of another process. Every path, and every symbolic link on it, is resolved below that root, as
 * the process itself would: opened plainly through `/proc/PID/root`, an absolute link leads to a file of the reader.
 *
 * Only regular files and folders are opened: opening a FIFO or a device can change what its owner sees.
 */
export class RootFiles {
  readonly #root: number;
  readonly #refused: RootFilesOptions['refused'];
  #calls: SystemCalls | undefined;

  private constructor(root: number, { calls, refused }: RootFilesOptions) {
    this.#root = root;
    this.#refused = refused;
    this.#calls = refused === undefined ? calls : undefined;
  }

  /**
   * Holds a root folder; {@link close} releases it, and the mount that it is on.
   *
   * @param folder `/proc/PID/root`
   * @returns undefined where it does not exist or may not be opened
   */
  static open(folder: string, options: RootFilesOptions = {}): RootFiles | undefined {
    const root = opened(() => fs.openSync(folder, O_PATH | O_DIRECTORY));
    return root === undefined ? undefined : new RootFiles(root, options);
  }

  /**
   * Opens a regular file for reading. Its access time stays where the kernel permits that.
   *
   * @param path below the root, absolute or relative to it
   * @returns a descriptor, which the caller closes; undefined where there is no such file, and for one that is not
   *   regular or not permitted
   */
  openFile(path: string): number | undefined {
    const fd = this.#resolve(path);
    if (fd === undefined) return undefined;
    try {
      if (!fs.fstatSync(fd).isFile()) return undefined;
      return openAgain(`/proc/self/fd/${fd}`);
    } finally {
      fs.closeSync(fd);
    }
  }

  /**
   * Names in a folder, in no order.
   *
   * @param most names that are read
   * @returns undefined where there is no such folder, or it is not permitted
   */
  list(path: string, most: number): string[] | undefined {
    const fd = this.#resolve(path);
    if (fd === undefined) return undefined;
    try {
      return fs.fstatSync(fd).isDirectory() ? namesIn(`/proc/self/fd/${fd}`, most) : undefined;
    } catch {
      return undefined;
    } finally {
      fs.closeSync(fd);
    }
  }

  close(): void {
    fs.closeSync(this.#root);
  }

  /** An O_PATH descriptor, which has not opened the file: a FIFO or a device does not notice. */
  #resolve(path: string): number | undefined {
    if (path.length > LONGEST_PATH || path.includes('\0')) return undefined;
    if (this.#calls === undefined) return this.#byHand(path);
    for (let retry = 0; ; retry++) {
      try {
        const resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
        return this.#calls.openat2(this.#root, path, O_PATH | O_CLOEXEC, resolve);
      } catch (error) {
        if (!(error instanceof SystemCallError)) throw error;
        if (error.code === 'EAGAIN' && retry < RETRIES) continue;
        // Before Linux 5.6, or forbidden by a seccomp filter that does not know it.
        if (error.code !== 'ENOSYS' && error.code !== 'EPERM') return undefined;
        this.#calls = undefined;
        return this.#byHand(path);
      }
    }
  }

  /**
   * Resolves part by part: what was checked is what is held, and `..` goes back to a held folder, so that nothing
   * that is renamed meanwhile leads out of the root.
   */
  #byHand(path: string): number | undefined {
    const folders: { fd: number; name: string }[] = [];
    const parts = path.split('/').reverse();
    let links = 0;
    try {
      for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
        if (part === '' || part === '.') continue;
        if (part === '..') {
          const left = folders.pop();
          if (left !== undefined) fs.closeSync(left.fd);
          continue;
        }
        const whole = `/${[...folders.map(({ name }) => name), part].join('/')}`;
        if (this.#refused?.(whole)) return undefined;
        const name = `/proc/self/fd/${folders.at(-1)?.fd ?? this.#root}/${part}`;
        const fd = opened(() => fs.openSync(name, O_PATH | O_NOFOLLOW));
        if (fd === undefined) return undefined;
        if (!fs.fstatSync(fd).isSymbolicLink()) {
          folders.push({ fd, name: part });
          continue;
        }
        fs.closeSync(fd);
        const target = opened(() => fs.readlinkSync(name));
        if (target === undefined || ++links > MOST_LINKS) return undefined;
        if (target.startsWith('/')) for (const left of folders.splice(0)) fs.closeSync(left.fd);
        parts.push(...target.split('/').reverse());
      }
      return folders.pop()?.fd ?? opened(() => fs.openSync(`/proc/self/fd/${this.#root}`, O_PATH));
    } finally {
      for (const { fd } of folders) fs.closeSync(fd);
    }
  }
}

/** Opens a file that is known to be regular, so that nothing waits and no access time changes. */
export function openAgain(link: string): number | undefined {
  const flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
  try {
    return fs.openSync(link, flags | O_NOATIME);
  } catch (error) {
    // The access time may only be spared by the owner of the file, and with CAP_FOWNER.
    return errnoOf(error) === 'EPERM' ? opened(() => fs.openSync(link, flags)) : undefined;
  }
}

function namesIn(folder: string, most: number): string[] {
  const names: string[] = [];
  const entries = fs.opendirSync(folder, { bufferSize: 256 });
  try {
    for (let entry = entries.readSync(); entry !== null && names.length < most; entry = entries.readSync()) {
      names.push(entry.name);
    }
  } finally {
    entries.closeSync();
  }
  return names;
}

/** The result of a call; undefined where it fails. */
function opened<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}
