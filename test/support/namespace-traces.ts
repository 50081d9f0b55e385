/** References to a network namespace: processes in it, descriptors of it, mounts of it. */
import fs from 'node:fs';

/** Inode number of the network namespace of a process. */
export function netnsOf(pid: number): number {
  return fs.statSync(`/proc/${pid}/ns/net`).ino;
}

/**
 * All references to these namespaces, as text; empty when the kernel has removed them: it does so with
 * the last process, descriptor or mount.
 */
export function tracesOf(namespaces: readonly number[]): string[] {
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
