import { Failure } from '../failure.ts';
import type { Limit } from './limits.ts';

/** A limit of open files to set. */
export interface WantedLimit {
  soft: number;
  /** Undefined to leave the hard limit of each process, raised where it is below the soft one. */
  hard: number | undefined;
}

/**
 * Reads `SOFT` or `SOFT:HARD`.
 *
 * @throws {Failure} `usage` when it is neither
 */
export function parseWantedLimit(text: string): WantedLimit {
  const match = /^(\d{1,15})(?::(\d{1,15}))?$/.exec(text);
  if (match === null) {
    throw new Failure(
      'usage',
      `--set: "${text}" is not a limit; write nofile=SOFT or nofile=SOFT:HARD, as in nofile=16384:65536`,
    );
  }
  const soft = Number(match[1]);
  const hard = match[2] === undefined ? undefined : Number(match[2]);
  if (hard !== undefined && soft > hard) {
    throw new Failure('usage', `--set: soft limit ${soft} is above hard limit ${hard}`);
  }
  return { soft, hard };
}

/** The limit to set for a process that has the limit `before`. */
export function wantedFor({ soft, hard }: WantedLimit, before: Limit): Limit {
  return { soft, hard: hard ?? Math.max(before.hard, soft) };
}
