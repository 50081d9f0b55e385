import { PROC, readProcText } from './read.ts';

/**
 * When the machine booted, in seconds since 1970: the line `btime` of `/proc/stat`, proc_stat(5).
 *
 * @returns undefined when it cannot be read
 */
export function readBootTime(proc = PROC): number | undefined {
  const text = readProcText(`${proc}/stat`);
  const match = text === undefined ? null : /^btime (\d+)$/m.exec(text);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}
