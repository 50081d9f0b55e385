import type { Recorded } from '../../flows/recorded-options.ts';
import { Failure } from '../../model/failure.ts';
import { TEXTS } from '../texts.ts';
import { targetAndFilter, text } from './shared-flags.ts';

/** The flags of verbs that look into a recording. */
export const recordedFlags = { from: text(TEXTS.from, 'FILE'), at: text(TEXTS.at, 'TIME') } as const;

/** Of those that replay it. */
export const speedFlag = {
  kind: 'parsed',
  parse: parseSpeed,
  brief: TEXTS.speed,
  optional: true,
  placeholder: 'N',
} as const;

export interface RecordedFlags {
  from?: string;
  at?: string;
  for?: number;
  interval?: number;
  speed?: number;
}

/** What a verb's words and flags mean together. */
export interface Operands {
  target: string | undefined;
  filter: string;
  from: Recorded | undefined;
}

/**
 * Takes the words of a verb apart: TARGET and FILTER; with `--from` the TARGET may be left out.
 *
 * @param usualSpeed of a replay without `--speed`; undefined for as fast as it can be read
 * @throws {Failure} `usage`
 */
export async function operandsOf(
  verb: string,
  words: readonly string[],
  flags: RecordedFlags,
  usualSpeed?: number,
): Promise<Operands> {
  const from = await recordedFrom(flags, usualSpeed);
  if (from === undefined) return { ...targetAndFilter(verb, words), from: undefined };
  const { recordedWords } = await import('../../flows/recorded-words.ts');
  return { ...(await recordedWords(from, words)), from };
}

/**
 * Which part of which recording the flags mean; undefined for this machine.
 *
 * @throws {Failure} `usage`
 */
export async function recordedFrom(flags: RecordedFlags, usualSpeed?: number): Promise<Recorded | undefined> {
  const { from, at, speed, interval } = flags;
  if (from === undefined && at === undefined && speed === undefined) return undefined;
  const { recordedOf } = await import('../../flows/recorded-options.ts');
  const recorded = await recordedOf(flags, usualSpeed);
  if (interval !== undefined) throw new Failure('usage', '--interval: a recording has its own');
  return recorded;
}

/** `10`, `10x`, or `max`. */
function parseSpeed(value: string): number {
  if (value === 'max') return Number.POSITIVE_INFINITY;
  const match = /^(\d+(?:\.\d+)?)x?$/.exec(value);
  if (match === null || Number(match[1]) <= 0)
    throw new Failure('usage', `"${value}" is no speed; write 10, 0.5 or max`);
  return Number(match[1]);
}
