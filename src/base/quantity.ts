const QUANTITY = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/;

/**
 * A number with its unit directly behind it, `1.5ms`; the unit's case does not matter.
 *
 * @param units factor of each unit, in lower case
 * @param bare factor of a number without a unit; undefined where only 0 may lack it
 * @returns the number times its factor; undefined for anything else
 */
export function parseQuantity(
  text: string,
  units: Readonly<Record<string, number>>,
  bare: number | undefined,
): number | undefined {
  const match = QUANTITY.exec(text);
  if (match === null) return undefined;
  const number = Number(match[1]);
  const unit = (match[2] ?? '').toLowerCase();
  if (unit === '') return number === 0 ? 0 : bare === undefined ? undefined : number * bare;
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  return factor === undefined ? undefined : number * factor;
}

/** Whether a text is a number that only lacks a unit. */
export function lacksUnit(text: string): boolean {
  return QUANTITY.exec(text)?.[2] === '';
}

/** A number with three digits at most, or all digits of a larger whole one. */
export function threeDigits(value: number, whole: boolean): string {
  return whole || value >= 99.95 ? String(Math.round(value)) : String(Number(value.toFixed(1)));
}
