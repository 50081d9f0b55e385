import fs from 'node:fs';
import type { DeclaredLimit } from '../../model/container/container.ts';
import { isDenied, readProcText } from '../../procfs/read.ts';
import type { Machine } from '../machine.ts';
import { containerOf } from './container-of-process.ts';

/** Limits that an Engine gives to containers that declare none. */
export interface EngineDefaults {
  limits: readonly DeclaredLimit[];
  /** Where they are set: `dockerd --default-ulimit`, or the path of its configuration file. */
  from: string;
}

/**
 * The default limits of one Docker Engine, from its command line or its configuration file.
 *
 * @param engine PID of the `dockerd`
 * @returns undefined where it has no such setting, or its settings cannot be read
 */
export function engineDefaults(machine: Machine, engine: number): EngineDefaults | undefined {
  const words = readProcText(`${machine.proc}/${engine}/cmdline`)?.split('\0') ?? [];
  const limits = limitsOfCommandLine(words);
  if (limits.length > 0) return { limits, from: 'dockerd --default-ulimit' };
  const file = configurationFile(words);
  if (file === undefined) return undefined;
  const declared = limitsOfConfiguration(readFileOf(machine, engine, file));
  return declared.length > 0 ? { limits: declared, from: file } : undefined;
}

/** Undefined for a rootless Engine without the option: its default is below the home folder of its user. */
function configurationFile(words: readonly string[]): string | undefined {
  const [file] = optionValues(words, '--config-file');
  return file ?? (words.includes('--rootless') ? undefined : DEFAULT_FILE);
}

const DEFAULT_FILE = '/etc/docker/daemon.json';

/** Text of a file as a process sees it, in its own mount namespace; undefined where it cannot be read. */
function readFileOf(machine: Machine, pid: number, file: string): string | undefined {
  const folder = file.startsWith('/') ? 'root' : 'cwd/';
  try {
    return fs.readFileSync(`${machine.proc}/${pid}/${folder}${file}`, 'utf8');
  } catch (error) {
    // Its root is hidden from users without ptrace access: a process outside every container has the machine's files.
    if (!isDenied(error) || !file.startsWith('/') || containerOf(machine, pid) !== undefined) {
      return undefined;
    }
  }
  return readFile(file === DEFAULT_FILE ? `${machine.etc}/docker/daemon.json` : file);
}

/** `--default-ulimit nofile=1024:4096`, once for each; one number is both. */
export function limitsOfCommandLine(words: readonly string[]): DeclaredLimit[] {
  return optionValues(words, '--default-ulimit').flatMap((value) => {
    const match = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(value);
    if (match === null) return [];
    const [, name = '', soft = '', hard = soft] = match;
    return [{ name, soft: limit(Number(soft)), hard: limit(Number(hard)) }];
  });
}

/** `{"default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 4096}}}`; empty for anything else. */
export function limitsOfConfiguration(text: string | undefined): DeclaredLimit[] {
  let entries: unknown;
  try {
    entries = (JSON.parse(text ?? '') as { 'default-ulimits'?: unknown } | null)?.['default-ulimits'];
  } catch {
    return [];
  }
  if (typeof entries !== 'object' || entries === null) return [];
  return Object.entries(entries).flatMap(([name, entry]: [string, unknown]) => {
    const { Soft: soft, Hard: hard } = (entry ?? {}) as { Soft?: unknown; Hard?: unknown };
    return typeof soft === 'number' && typeof hard === 'number' ? [{ name, soft: limit(soft), hard: limit(hard) }] : [];
  });
}

function optionValues(words: readonly string[], option: string): string[] {
  return words.flatMap((word, index) => {
    if (word === option) return words[index + 1] ?? [];
    return word.startsWith(`${option}=`) ? word.slice(option.length + 1) : [];
  });
}

function limit(value: number): number {
  return value < 0 ? Number.POSITIVE_INFINITY : value;
}

function readFile(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
