import type { Format } from '../../flows/context.ts';
import { Failure } from '../../model/failure.ts';
import { TEXTS } from '../texts.ts';

/** A flag that is given or not. */
export const flag = (brief: string) => ({ kind: 'boolean', brief, optional: true, withNegated: false }) as const;

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
