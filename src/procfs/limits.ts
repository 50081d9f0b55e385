import { LIMITS, type Limit, type LimitsByName } from '../model/container/limits.ts';
import { PROC, readProcText } from './read.ts';

/** The open-file limit of a process from `/proc/PID/limits`; undefined when it cannot be read. */
export function readNofileLimit(pid: number, proc = PROC): Limit | undefined {
  const text = readProcText(`${proc}/${pid}/limits`);
  return text === undefined ? undefined : parseLimit(text, 'Max open files');
}

/**
 * All limits of a process from `/proc/PID/limits`.
 *
 * @returns undefined when the process has exited or the file cannot be read
 */
export function readLimits(pid: number, proc = PROC): LimitsByName | undefined {
  const text = readProcText(`${proc}/${pid}/limits`);
  return text === undefined || text === '' ? undefined : parseLimits(text);
}

/** Every row of `/proc/PID/limits` that is a known limit, by its name. */
export function parseLimits(text: string): LimitsByName {
  const limits: Record<string, Limit> = {};
  for (const { name, row } of LIMITS) {
    const limit = parseLimit(text, row);
    if (limit !== undefined) limits[name] = limit;
  }
  return limits;
}

/**
 * One row of `/proc/PID/limits`, proc_pid_limits(5):
 *
 *     Limit                     Soft Limit           Hard Limit           Units
 *     Max open files            1024                 524288               files
 */
export function parseLimit(text: string, row: string): Limit | undefined {
  const at = text.indexOf(`\n${row} `);
  if (at < 0) return undefined;
  const [soft, hard] = text
    .slice(at + row.length + 2)
    .trimStart()
    .split(/\s+/, 2);
  if (soft === undefined || hard === undefined) return undefined;
  return { soft: limitValue(soft), hard: limitValue(hard) };
}

function limitValue(text: string): number {
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
}
