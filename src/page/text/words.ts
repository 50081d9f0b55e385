import { globMatcher } from '../../base/glob.ts';

/** Whether each word of a filter is in one of the names, or matches one of them as a glob. Letters without regard to case. */
export function matchesNames(names: readonly string[], filter: string): boolean {
  const all = names.map((name) => name.toLowerCase());
  return filter
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== '')
    .every((word) => all.some(/[*?[]/.test(word) ? globMatcher(word) : (name) => name.includes(word)));
}
