import type { StackSetting } from '../../model/stack/stack-facts.ts';

/** A setting that is read: everything else of a file or a command line is dropped at once. */
export interface KnownSetting {
  /** As the product spells it. */
  name: string;
  /** A count; a duration, with the milliseconds of a number without a unit; one of these words. */
  kind: 'count' | { msOf: number } | readonly string[];
}

/** Where a value was found. */
export type Found = Pick<StackSetting, 'proof' | 'path' | 'line' | 'changed' | 'of'>;

const UNITS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  sec: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A value as a setting; undefined for one that is not of its kind, whatever it is. */
export function settingFrom({ name, kind }: KnownSetting, text: string, found: Found): StackSetting | undefined {
  const word = text.trim().replace(/^(["'])(.*)\1$/, '$2');
  if (kind === 'count') {
    const value = countOf(word);
    return value === undefined ? undefined : { name, value, ...found };
  }
  if ('msOf' in kind) {
    const value = millisecondsOf(word, kind.msOf);
    return value === undefined ? undefined : { name, value, unit: 'ms', ...found };
  }
  const value = kind.find((known) => known === word.toLowerCase());
  return value === undefined ? undefined : { name, value, ...found };
}

/** `100`, `10_000`, `16k`. */
function countOf(word: string): number | undefined {
  const [, digits, unit] = /^(-?\d[\d_]{0,14})([kKmM]?)$/.exec(word) ?? [];
  if (digits === undefined) return undefined;
  const factor = unit === '' ? 1 : /k/i.test(unit ?? '') ? 1024 : 1024 ** 2;
  return Number(digits.replaceAll('_', '')) * factor;
}

/** `75s`, `1m`, `600`; several parts as nginx writes them: `1m30s`. */
function millisecondsOf(word: string, msOf: number): number | undefined {
  if (/^\d{1,15}(\.\d+)?$/.test(word)) return Number(word) * msOf;
  if (!/^(\d{1,15}(us|ms|sec|s|min|m|h|d)\s*)+$/.test(word)) return undefined;
  return [...word.matchAll(/(\d+)(us|ms|sec|s|min|m|h|d)/g)].reduce(
    (sum, [, digits, unit = '']) => sum + Number(digits) * (UNITS[unit] ?? 0),
    0,
  );
}

/** Settings from several places, those of each place over those of the ones after it. */
export function strongest(...places: readonly (readonly StackSetting[])[]): StackSetting[] {
  const found = new Map<string, StackSetting>();
  for (const settings of places) {
    for (const setting of settings) {
      const key = `${setting.of ?? ''} ${setting.name}`;
      if (!found.has(key)) found.set(key, setting);
    }
  }
  return [...found.values()];
}

/** The last one of each name: later lines of a file replace earlier ones. */
export function lastOfEach(settings: readonly StackSetting[]): StackSetting[] {
  return strongest(settings.toReversed());
}

/** The product's own values. */
export function defaults(values: Readonly<Record<string, number>>): StackSetting[] {
  return Object.entries(values).map(([name, value]) => ({ name, value, proof: 'default' }));
}

/** Where a line stands. */
export function placeOf({ path, line, changed }: { path: string; line: number; changed: boolean }) {
  return { path, line, ...(changed && { changed }) };
}
