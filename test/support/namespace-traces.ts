/** References to a network namespace: processes in it, descriptors of it, mounts of it. */
import fs from 'node:fs';

/** Inode number of the network namespace of a process. */
export function netnsOf(pid: number): number {
  return fs.statSync(`/proc/${pid}/ns/net`).ino;
}

/** Network namespaces that are kept while a test looks for references to them. */
export interface HeldNamespaces {
  readonly inodes: readonly number[];
  /**
   * All references to them but the descriptors that hold them, as text; empty when nothing else keeps them: the
   * kernel removes a namespace with its last process, descriptor or mount.
   */
  traces(): string[];
  release(): void;
}

/**
 * Holds the network namespaces of processes. The kernel gives the inode number of a removed namespace to the next new
 * one, which can belong to a test that runs at the same time; that of a held one is not given away.
 */
export function holdNamespaces(pids: readonly number[]): HeldNamespaces {
  const descriptors = pids.map((pid) => fs.openSync(`/proc/${pid}/ns/net`, 'r'));
  const inodes = descriptors.map((fd) => fs.fstatSync(fd).ino);
  const own = new Set(descriptors.map((fd) => `/proc/${process.pid}/fd/${fd}`));
  return {
    inodes,
    traces: () => tracesOf(inodes).filter((trace) => !own.has(trace)),
    release: () => {
      for (const fd of descriptors.splice(0)) fs.closeSync(fd);
    },
  };
}

function tracesOf(namespaces: readonly number[]): string[] {
  const texts = new Set(namespaces.map((inode) => `net:[${inode}]`));
  const found: string[] = [];
  const note = (file: string) => {
    const text = linkOf(file);
    if (text !== undefined && texts.has(text)) found.push(file);
  };
  for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    note(`/proc/${pid}/ns/net`);
    for (const fd of listing(`/proc/${pid}/fd`)) note(`/proc/${pid}/fd/${fd}`);
  }
  for (const line of fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    if (texts.has(line.split(' ')[3] ?? '')) found.push(line);
  }
  return found;
}

function linkOf(file: string): string | undefined {
  try {
    return fs.readlinkSync(file);
  } catch {
    return undefined;
  }
}

function listing(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}
