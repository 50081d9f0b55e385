/** Formats a number with its noun: `1 process`, `2 processes`. */
export function plural(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}
