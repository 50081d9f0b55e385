import { nearest } from '../base/nearest.ts';
import { KEYWORDS } from './keywords.ts';
import { maskOfState, STATE_NAMES } from './states.ts';

/**
 * The beginning of a filter that a word which is no TARGET may have meant: `state` for `staet`, `state established` for
 * `established`; undefined where no word of a filter is near.
 */
export function meantFilter(word: string): string | undefined {
  if (maskOfState(word) !== undefined) return `state ${word}`;
  const meant = nearest(word, [...KEYWORDS, ...STATE_NAMES]);
  return meant === undefined || KEYWORDS.includes(meant) ? meant : `state ${meant}`;
}
