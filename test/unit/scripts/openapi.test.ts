import { expect, test } from 'vitest';
import { ANSWERS, answerSchemas } from '../../../scripts/openapi/schemas.ts';
import { OPENAPI } from '../../support/openapi.ts';

/** Another program than this one compiles all that the types import. */
const PATIENCE_MS = 120_000;

test(
  'docs/openapi.json: each answer has the properties of its type (npm run build:openapi writes them)',
  () => {
    const schemas = answerSchemas();
    for (const name of Object.keys(ANSWERS))
      expect([name, OPENAPI.components.schemas[name]]).toEqual([name, schemas[name]]);
  },
  PATIENCE_MS,
);

test(
  'docs/openapi.json: says what may be absent, null, one of several words, and a type that others have by its name',
  () => {
    const { Lane, Row, Overview } = answerSchemas() as Record<string, Record<string, Record<string, unknown>>>;
    expect(Lane?.required).toContain('count');
    expect(Lane?.required).not.toContain('ceiling');
    expect(Lane?.properties?.direction).toEqual({ type: 'string', enum: ['in', 'out'] });
    expect(Row?.properties?.descriptors).toMatchObject({ properties: { limit: { type: ['number', 'null'] } } });
    expect(Overview?.properties?.rows).toMatchObject({ items: { $ref: '#/components/schemas/Row' } });
  },
  PATIENCE_MS,
);
