import fs from 'node:fs';
import { parsedJson, regularFile } from './bounded-file.ts';
import { readByCommandLine } from './by-command-line.ts';
import { isGoneOrDenied, PROC } from './read.ts';

/** Command name of containerd's shims, `containerd-shim-runc-v2` and its like, as the kernel cuts it. */
export const SHIM = 'containerd-shim';

/**
 * A process that says that it is a shim of containerd, by its command line:
 * `containerd-shim-runc-v2 -namespace NS -id ID -address SOCKET`.
 */
export interface Shim {
  pid: number;
  /**
   * The user who started it, in the reader's user namespace: the real user id. The owner of `/proc/PID` is the effective
   * one, which for a set-user-ID program is not that.
   */
  uid: number;
  /** containerd's namespace: `k8s.io`, `default`, `moby` of Docker. */
  namespace: string;
  /** Of its first container; in a pod that is the sandbox. */
  id: string;
  /** Path of containerd's socket as the shim sees it; absent where it does not say. */
  address?: string;
}

/** How many bytes of a command line are read. */
const MOST = 4096;

/** What containerd accepts as a namespace or id, pkg/identifiers. */
export const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,75}$/;

/** @returns undefined for a process that has exited, or whose command line is not that of a running shim */
export function readShim(pid: number, proc = PROC): Shim | undefined {
  return readByCommandLine(pid, MOST, parseShim, proc);
}

/**
 * The command line of a shim, which is one of Go's `flag`: `-id ID`, `--id=ID`. Short-lived ones (`start`, `delete`) are
 * not shims yet.
 */
export function parseShim(words: readonly string[]): Pick<Shim, 'namespace' | 'id' | 'address'> | undefined {
  const options = new Map<string, string>();
  for (let index = 1; index < words.length; index++) {
    const [, name = '', value] = /^--?([a-z-]+)(?:=(.*))?$/s.exec(words[index] ?? '') ?? [];
    if (name === 'namespace' || name === 'id' || name === 'address') options.set(name, value ?? words[++index] ?? '');
    else if (words[index] === 'start' || words[index] === 'delete') return undefined;
  }
  const namespace = options.get('namespace') ?? '';
  const id = options.get('id') ?? '';
  if (!IDENTIFIER.test(namespace) || !IDENTIFIER.test(id)) return undefined;
  const address = options.get('address')?.replace(/^unix:\/\//, '');
  return { namespace, id, ...(address?.startsWith('/') && { address }) };
}

/** The folder in which containerd keeps a container: its specification and the PID of its first process. */
export interface Bundle {
  /** Id of the container: name of the folder. */
  id: string;
  /** `config.json`, not checked: it may be anything. Undefined where there is no such file, or it is too large. */
  spec: unknown;
  /** PID of its first process in the shim's PID namespace; undefined where it is not known. */
  initPid: number | undefined;
}

/** How many folders are read, of one namespace of one containerd. A node runs some hundreds of containers. */
const MOST_BUNDLES = 5000;

/** Largest specification that is read. Environments of some hundred kilobytes occur. */
export const MOST_SPEC_BYTES = 4 * 1024 * 1024;

/** How many bytes of specifications are still read; what does not fit is left out. */
export interface BundleBudget {
  bytes: number;
}

/**
 * The bundles of a shim's namespace, those of other shims included: `config.json` and `init.pid` in the folders beside
 * the shim's working folder.
 *
 * Nothing is followed out of there: links are left out.
 *
 * @returns undefined where the working folder may not be looked at, or is gone
 */
export function readBundles({ pid }: Shim, budget: BundleBudget, proc = PROC): Bundle[] | undefined {
  const folder = bundleFolder(pid, proc);
  const bundles: Bundle[] = [];
  let entries: fs.Dir;
  try {
    entries = fs.opendirSync(folder);
  } catch (error) {
    if (isGoneOrDenied(error)) return undefined;
    throw error;
  }
  try {
    for (let seen = 0; seen < MOST_BUNDLES; seen++) {
      const entry = entries.readSync();
      if (entry === null) break;
      if (entry.isDirectory() && IDENTIFIER.test(entry.name)) bundles.push(readBundle(folder, entry.name, budget));
    }
  } finally {
    entries.closeSync();
  }
  return bundles;
}

function readBundle(parent: string, id: string, budget: BundleBudget): Bundle {
  const { O_RDONLY, O_NOFOLLOW, O_DIRECTORY } = fs.constants;
  let fd: number;
  try {
    fd = fs.openSync(`${parent}/${id}`, O_RDONLY | O_NOFOLLOW | O_DIRECTORY);
  } catch {
    return { id, spec: undefined, initPid: undefined };
  }
  try {
    // By the descriptor: another folder, or a link, may have the name by now.
    const folder = `/proc/self/fd/${fd}`;
    const text = regularFile(`${folder}/config.json`, Math.min(MOST_SPEC_BYTES, budget.bytes));
    budget.bytes -= text?.length ?? 0;
    return { id, spec: parsedJson(text), initPid: pidIn(regularFile(`${folder}/init.pid`, 32)) };
  } finally {
    fs.closeSync(fd);
  }
}

/** Device and inode of the folder that {@link readBundles} reads: shims of one namespace have the same. */
export function bundleFolderIdentity({ pid }: Shim, proc = PROC): string | undefined {
  try {
    const { dev, ino } = fs.statSync(bundleFolder(pid, proc), { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    if (isGoneOrDenied(error)) return undefined;
    throw error;
  }
}

function bundleFolder(pid: number, proc: string): string {
  return `${proc}/${pid}/cwd/..`;
}

function pidIn(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,9}$/.test(text.trim()) ? Number(text) : undefined;
}
