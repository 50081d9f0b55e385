import { readByCommandLine } from './by-command-line.ts';
import { PROC } from './read.ts';

/** Command name of the program that Podman and CRI-O start for each container, conmon(8). */
export const CONMON = 'conmon';

/** A process that says that it is the conmon of a container, by its command line: `conmon -c ID -n NAME -b BUNDLE`. */
export interface Conmon {
  pid: number;
  /** The user who started it, in the reader's user namespace: the real user id. */
  uid: number;
  /** 64 hexadecimal digits. */
  id: string;
  /** The name that the container had when it was started. */
  name: string;
  /** The program that it tells the end of the container. */
  manager: 'podman' | 'cri-o';
  /**
   * The folder `KIND-containers` of the storage in which the container is, as conmon sees it; absent where the command
   * line has no bundle of that form.
   */
  storage?: string;
}

/** How many bytes of a command line are read: Podman's has some three thousand. */
const MOST = 16 * 1024;

/** What containers of Podman may be called, libpod/define/config.go; CRI-O joins such words with underscores. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,511}$/;

/** @returns undefined for a process that has exited, or whose command line is not that of the conmon of a container */
export function readConmon(pid: number, proc = PROC): Conmon | undefined {
  return readByCommandLine(pid, MOST, parseConmon, proc);
}

/** Options with a value that may itself look like an option. */
const WITH_VALUE = new Set(['--exit-command-arg', '--runtime-arg', '--log-path', '-l']);

/**
 * The command line of a conmon.
 *
 * @returns undefined for one of `podman exec`, which has the id of the container as well
 */
export function parseConmon(words: readonly string[]): Omit<Conmon, 'pid' | 'uid'> | undefined {
  const options = new Map<string, string>();
  for (let index = 1; index < words.length; index++) {
    const word = words[index] ?? '';
    if (word === '-e' || word === '--exec' || word === '--exec-process-spec') return undefined;
    const option = LONG[word] ?? word;
    if (VALUES.has(option)) options.set(option, words[++index] ?? '');
    else if (WITH_VALUE.has(word)) index++;
  }
  const id = options.get('-c') ?? '';
  const name = options.get('-n') ?? '';
  if (!/^[0-9a-f]{64}$/.test(id) || !NAME.test(name)) return undefined;
  const manager = options.get('--exit-command')?.endsWith('/podman') ? 'podman' : 'cri-o';
  const [, storage, inBundle] = BUNDLE.exec(options.get('-b') ?? '') ?? [];
  return { id, name, manager, ...(storage !== undefined && inBundle === id && { storage }) };
}

const BUNDLE = /^(\/.*\/[a-z]+-containers)\/([0-9a-f]{64})\/userdata$/;

const LONG: Readonly<Record<string, string>> = { '--cid': '-c', '--name': '-n', '--bundle': '-b' };
const VALUES = new Set(['-c', '-n', '-b', '--exit-command']);
