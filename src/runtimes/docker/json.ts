/*
 * Checks of an Engine's JSON, written by hand: every one-shot command asks an Engine before it prints, and
 * loading a schema library takes longer than all of its checks. Other input from outside (the
 * configuration file, reports, recordings) is checked with valibot.
 */

/** A value that does not have the type that the API promises. The message names the field and quotes what was got. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

/** An object of JSON whose fields are not yet checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** @param where the field's path, for the message: `[3].NetworkSettings` */
export function asObject(value: unknown, where: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw mismatch(where, 'an object', value);
  return value as JsonObject;
}

/** As {@link asObject}; an empty object for null or a missing field, as Go writes an empty map. */
export function asObjectOrNone(value: unknown, where: string): JsonObject {
  return value === undefined || value === null ? {} : asObject(value, where);
}

/** A value that must be an array. @param where name of the field, for the error @throws {ShapeError} */
export function asArray(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw mismatch(where, 'an array', value);
  return value;
}

/** As {@link asArray}; empty for null or a missing field, as Go writes an empty slice. */
export function asArrayOrNone(value: unknown, where: string): readonly unknown[] {
  return value === undefined || value === null ? [] : asArray(value, where);
}

/** A value that must be a string. @param where name of the field, for the error @throws {ShapeError} */
export function asString(value: unknown, where: string): string {
  if (typeof value !== 'string') throw mismatch(where, 'a string', value);
  return value;
}

/** As {@link asString}; empty for null or a missing field. */
export function asStringOrNone(value: unknown, where: string): string {
  return value === undefined || value === null ? '' : asString(value, where);
}

/** A value that must be an integer. @param where name of the field, for the error @throws {ShapeError} */
export function asInteger(value: unknown, where: string): number {
  if (!Number.isInteger(value)) throw mismatch(where, 'an integer', value);
  return value as number;
}

/** A value that must be a boolean. @param where name of the field, for the error @throws {ShapeError} */
export function asBoolean(value: unknown, where: string): boolean {
  if (typeof value !== 'boolean') throw mismatch(where, 'a boolean', value);
  return value;
}

function mismatch(where: string, expected: string, value: unknown): ShapeError {
  return new ShapeError(`${where || 'the answer'} should be ${expected} and is ${describe(value)}`);
}

/** Short however large the value is. */
function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
