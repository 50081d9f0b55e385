import type { Format } from '../../flows/context.ts';
import { Failure } from '../../model/failure.ts';
import { TEXTS } from '../texts.ts';

/** The flags that choose between a table and JSON. */
export const outputFlags = {
  json: { kind: 'boolean', brief: TEXTS.json, default: false, withNegated: false },
  ndjson: { kind: 'boolean', brief: TEXTS.ndjson, default: false, withNegated: false },
} as const;

/** @throws {Failure} `usage` when both are given */
export function formatOf(flags: { json: boolean; ndjson: boolean }): Format {
  if (flags.json && flags.ndjson) throw new Failure('usage', '--json and --ndjson: only one of them at a time');
  if (flags.json) return 'json';
  return flags.ndjson ? 'ndjson' : 'text';
}
