/** What most services do well with. */
const USUAL = 65_536;

/**
 * A limit of open files for an example: 65536, or four times what is used where that is more.
 *
 * @param used open descriptors of the fullest process
 * @param highest what the kernel allows at most, fs.nr_open
 */
export function exampleNofile(used: number, highest: number): number {
  let limit = USUAL;
  while (limit < used * 4) limit *= 2;
  return Math.min(limit, highest);
}
