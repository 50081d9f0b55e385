const QUANTITY = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/;

/**
 * Parses a number with a unit directly after it, `1.5ms`. The unit is case-insensitive.
 *
 * @param units factor of each unit, under its lower-case name
 * @param bare factor of a number without a unit; undefined where only 0 can be without a unit
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

/** Whether a text is a number without a unit. */
export function lacksUnit(text: string): boolean {
  return QUANTITY.exec(text)?.[2] === '';
}

/**
 * Formats a number with at most three digits, of which one is a decimal; all digits of a larger number.
 *
 * @param whole rounds to a whole number
 */
export function threeDigits(value: number, whole: boolean): string {
  return whole || value >= 99.95 ? String(Math.round(value)) : String(Number(value.toFixed(1)));
}
