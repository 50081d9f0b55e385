import fs from 'node:fs';
import type { DeclaredLimit } from '../../model/container/container.ts';
import { listPids } from '../../procfs/pids.ts';
import { readProcText } from '../../procfs/read.ts';
import { readStat } from '../../procfs/stat.ts';
import type { Machine } from '../machine.ts';

/** Limits that the Engine gives to containers that declare none. */
export interface EngineDefaults {
  limits: readonly DeclaredLimit[];
  /** `dockerd --default-ulimit`, `/etc/docker/daemon.json`. */
  from: string;
}

/** @returns undefined where the Engine runs elsewhere or has no such setting */
export function engineDefaults(machine: Machine): EngineDefaults | undefined {
  for (const pid of listPids(machine.proc)) {
    if (readStat(pid, machine.proc)?.name !== 'dockerd') continue;
    const words = readProcText(`${machine.proc}/${pid}/cmdline`)?.split('\0') ?? [];
    const limits = limitsOfCommandLine(words);
    if (limits.length > 0) return { limits, from: 'dockerd --default-ulimit' };
    const file = optionValues(words, '--config-file')[0] ?? `${machine.etc}/docker/daemon.json`;
    const declared = limitsOfConfiguration(readFile(file));
    if (declared.length > 0) return { limits: declared, from: file };
  }
  return undefined;
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
