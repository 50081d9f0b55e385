import type { Diagnosis } from '../model/finding/diagnosis.ts';
import { SCHEMA_VERSION } from './json.ts';

/** A diagnosis as one JSON document. */
export function diagnosisJson({ targets, ...diagnosis }: Diagnosis): string {
  return `${JSON.stringify({ schema: SCHEMA_VERSION, target: targets.join(','), targets, ...diagnosis })}\n`;
}
