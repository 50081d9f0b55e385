/** docs/openapi.json, and whether an answer is as it says. */
import fs from 'node:fs';
import path from 'node:path';

/** The part of JSON Schema that the file uses. */
interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  items?: Schema;
  anyOf?: Schema[];
}

/** An operation of a path. */
interface Operation {
  parameters?: { name: string }[];
}

export const OPENAPI = JSON.parse(
  fs.readFileSync(path.resolve(import.meta.dirname, '../../docs/openapi.json'), 'utf8'),
) as { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Schema> } };

/** What of a value is not as a schema says; keys that an object lacks or that the schema does not have. */
export function schemaFaults(value: unknown, name: string): string[] {
  return faults(value, { $ref: `#/components/schemas/${name}` }, name);
}

function faults(value: unknown, schema: Schema, at: string): string[] {
  if (schema.$ref !== undefined) {
    const known = OPENAPI.components.schemas[schema.$ref.replace('#/components/schemas/', '')];
    return known === undefined ? [`${at}: ${schema.$ref} is missing`] : faults(value, known, at);
  }
  if (schema.anyOf !== undefined) {
    const [fewest = []] = schema.anyOf.map((one) => faults(value, one, at)).sort((a, b) => a.length - b.length);
    return fewest;
  }
  const types = [schema.type ?? []].flat();
  if (types.length > 0 && !types.some((type) => isOf(value, type))) return [`${at}: is no ${types.join(' or ')}`];
  if (schema.enum !== undefined && !schema.enum.includes(value)) return [`${at}: ${String(value)} is none of the enum`];
  if (Array.isArray(value)) return value.flatMap((one, index) => faults(one, schema.items ?? {}, `${at}[${index}]`));
  if (typeof value !== 'object' || value === null || schema.properties === undefined)
    return Object.entries(schema.additionalProperties === undefined ? {} : (value ?? {})).flatMap(([key, one]) =>
      faults(one, schema.additionalProperties ?? {}, `${at}.${key}`),
    );
  const { properties, additionalProperties } = schema;
  const missing = (schema.required ?? []).filter((key) => !(key in value)).map((key) => `${at}.${key}: is missing`);
  return [
    ...missing,
    ...Object.entries(value).flatMap(([key, one]) => {
      const known = properties[key] ?? additionalProperties;
      return known === undefined ? [`${at}.${key}: is not in the schema`] : faults(one, known, `${at}.${key}`);
    }),
  ];
}

function isOf(value: unknown, type: string): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}
