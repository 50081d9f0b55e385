import type { Format } from '../../flows/context.ts';
import { Failure } from '../../model/failure.ts';
import { TEXTS } from '../texts.ts';

/** A flag that is given or not. */
export const flag = (brief: string) => ({ kind: 'boolean', brief, optional: true, withNegated: false }) as const;

/** A flag with a text behind it. */
export const text = (brief: string, placeholder: string) =>
  ({ kind: 'parsed', parse: String, brief, optional: true, placeholder }) as const;

/** A flag with a text behind it that may be given several times. */
export const manyTexts = (brief: string, placeholder: string) =>
  ({ kind: 'parsed', parse: String, brief, optional: true, variadic: true, placeholder }) as const;

/** The flags that choose between a table and JSON. */
export const outputFlags = { json: flag(TEXTS.json), ndjson: flag(TEXTS.ndjson) } as const;

export interface OutputFlags {
  json?: boolean;
  ndjson?: boolean;
}

/** @throws {Failure} `usage` when both are given */
export function formatOf(flags: OutputFlags): Format {
  if (flags.json && flags.ndjson) throw new Failure('usage', '--json and --ndjson: only one of them at a time');
  if (flags.json) return 'json';
  return flags.ndjson ? 'ndjson' : 'text';
}

/**
 * Takes the operands of a verb apart: TARGET, and all words behind it are the filter.
 *
 * @throws {Failure} `usage` without a TARGET
 */
export function targetAndFilter(verb: string, words: readonly string[]): { target: string; filter: string } {
  const [target, ...filter] = words;
  if (target === undefined) throw new Failure('usage', `${verb}: a TARGET is missing (socklens ${verb} --help)`);
  return { target, filter: filter.join(' ') };
}
