import { Failure } from '../model/failure.ts';
import type { Recorded } from '../sources/open-source.ts';
import { option } from './option.ts';
import { proposeFiles, proposeWords } from './proposals.ts';

/** The options of commands that can read a recording. */
export const recordedOptions = {
  from: option.text('FILE', 'Read a recording instead of this machine', { propose: proposeFiles }),
  at: option.text('TIME', 'Up to this time of the recording: +90s, 14:03:59, or ISO 8601'),
};

/** The option of commands that replay a recording. */
export const speed = option.value('N', 'Replay N times as fast as it happened; max for no waiting', parseSpeed, {
  propose: proposeWords(['max']),
});

/** Speed of a replay without `--speed`. */
export const REAL_TIME = 1;

/** The options that apply to a recording; undefined for one that was not given. */
export interface RecordedValues {
  from: string | undefined;
  at: string | undefined;
  /** Milliseconds. */
  for?: number | undefined;
  /** Milliseconds. */
  interval?: number | undefined;
  speed?: number | undefined;
}

/** Operands of a command, split into TARGETs and FILTER. */
export interface Operands {
  /** Several with commas; undefined for all targets of a recording. */
  target: string | undefined;
  /** Empty for all sockets. */
  filter: string;
  /** The recording to read; undefined for this machine. */
  from: Recorded | undefined;
}

/**
 * Splits operands into TARGETs and FILTER; with `--from`, TARGET is optional.
 *
 * @param defaultSpeed of a replay without `--speed`; undefined for no waiting
 * @param otherwise the live TARGET without any; undefined where one is needed
 * @throws {Failure} `usage`
 */
export async function operandsOf(
  verb: string,
  words: readonly string[],
  options: RecordedValues,
  defaultSpeed?: number,
  otherwise?: string,
): Promise<Operands> {
  const from = await recordedFrom(options, defaultSpeed);
  if (from === undefined) {
    const { splitOperands, targetAndFilter } = await import('./operands.ts');
    const { target, filter } = otherwise === undefined ? targetAndFilter(verb, words) : splitOperands(words);
    return { target: target === '' ? otherwise : target, filter, from };
  }
  const { recordedWords } = await import('./recorded-part.ts');
  return { ...(await recordedWords(from, words)), from };
}

/** Whether any option names a recording. */
export function isRecorded({ from, at, speed }: RecordedValues): boolean {
  return from !== undefined || at !== undefined || speed !== undefined;
}

/**
 * The part of a recording that the options name; undefined for this machine.
 *
 * @throws {Failure} `usage`
 */
export async function recordedFrom(options: RecordedValues, defaultSpeed?: number): Promise<Recorded | undefined> {
  if (!isRecorded(options)) return undefined;
  const { recordedOf } = await import('./recorded-part.ts');
  const recorded = await recordedOf(options, defaultSpeed);
  if (options.interval !== undefined)
    throw new Failure('usage', '--interval and --from exclude each other: a recording has its own interval');
  return recorded;
}

/** `10`, `10x`, or `max`. */
function parseSpeed(value: string): number {
  if (value === 'max') return Number.POSITIVE_INFINITY;
  const match = /^(\d+(?:\.\d+)?)x?$/.exec(value);
  if (match === null || Number(match[1]) <= 0) {
    throw new Failure('usage', `"${value}" is not a speed; write 10, 0.5 or max`);
  }
  return Number(match[1]);
}
