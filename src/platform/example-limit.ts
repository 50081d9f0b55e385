/** Enough for most services. */
const USUAL = 65_536;

/**
 * A limit of open files for examples: the first of 65536 and its doublings that is at least four times the use,
 * but not above `highest`.
 *
 * @param used open descriptors of the process with the most
 * @param highest highest limit that the kernel allows, fs.nr_open
 */
export function exampleNofile(used: number, highest: number): number {
  let limit = USUAL;
  while (limit < used * 4) limit *= 2;
  return Math.min(limit, highest);
}
