import fs from 'node:fs';

/** Memory that every reading uses: a new piece for each makes the garbage collector run for a hundred processes. */
let scratch = Buffer.allocUnsafeSlow(1 << 16);

/**
 * The beginning of a file of `/proc/PID`, which has no size and is made while it is read.
 *
 * @returns undefined when the process has exited or the file cannot be read
 */
export function readBeginning(path: string, mostBytes: number): Buffer | undefined {
  let fd: number | undefined;
  try {
    fd = fs.openSync(path, 'r');
    let length = 0;
    while (length < mostBytes) {
      if (length === scratch.length) scratch = Buffer.concat([scratch], scratch.length * 2);
      const count = fs.readSync(fd, scratch, length, Math.min(mostBytes, scratch.length) - length, null);
      if (count === 0) break;
      length += count;
    }
    return Buffer.from(scratch.subarray(0, length));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/** `/proc/PID/cmdline` is at most this long where it is read for its arguments, bytes. */
const MOST_ARGUMENTS = 1 << 16;

/**
 * The arguments of a process, proc_pid_cmdline(5). A title that a program writes over them is one text; the NULs with
 * which it fills the rest are left out.
 *
 * @returns empty for a kernel thread and for one that cannot be read
 */
export function readArguments(folder: string): string[] {
  const text = readBeginning(`${folder}/cmdline`, MOST_ARGUMENTS)?.toString('utf8') ?? '';
  const trimmed = text.replace(/\0+$/, '');
  return trimmed === '' ? [] : trimmed.split('\0');
}

/** `/proc/PID/maps` is at most this long, bytes. */
const MOST_MAPS = 1 << 20;

/** The files that a process has mapped, each once, proc_pid_maps(5); paths as the reader's root sees them. */
export function readMappedFiles(folder: string): string[] {
  const files = new Set<string>();
  for (const line of readBeginning(`${folder}/maps`, MOST_MAPS)?.toString('utf8').split('\n') ?? []) {
    const at = line.indexOf('/');
    if (at >= 0) files.add(withoutDeleted(line.slice(at)));
  }
  return [...files];
}

/** The kernel marks a file that has no name any more, or another one there now. */
export function withoutDeleted(path: string): string {
  return path.replace(/ \(deleted\)$/, '');
}
