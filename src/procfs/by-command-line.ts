import { firstBytes } from './bounded-file.ts';
import { isGoneOrDenied } from './read.ts';
import { readStatus } from './status.ts';

/**
 * What a process says of itself by its command line, with its real user id, proc(5). Any user can start a process with any
 * command line: it is that user's word.
 *
 * @param most bytes of the command line that are read
 * @param parse what its arguments say; undefined where they are those of another program
 * @returns undefined for a process that has exited or may not be read, and for another program
 */
export function readByCommandLine<T extends object>(
  pid: number,
  most: number,
  parse: (words: readonly string[]) => T | undefined,
  proc: string,
): (T & { pid: number; uid: number }) | undefined {
  let words: string[];
  try {
    words = firstBytes(`${proc}/${pid}/cmdline`, most).split('\0');
  } catch (error) {
    if (isGoneOrDenied(error)) return undefined;
    throw error;
  }
  const said = parse(words);
  const uid = readStatus(pid, proc)?.realUid;
  return said && uid !== undefined ? { pid, uid, ...said } : undefined;
}
