import { nearest } from '../base/nearest.ts';
import { KEYWORDS } from './keywords.ts';
import { maskOfState, STATE_NAMES } from './states.ts';

/**
 * The beginning of a filter that a word which is no TARGET may have meant: `state` for `staet`, `state established` for
 * `established`; undefined where no word of a filter is near, and for a word of a filter: who wrote `docker:state` meant
 * a container.
 */
export function meantFilter(word: string): string | undefined {
  if (KEYWORDS.includes(word.toLowerCase())) return undefined;
  if (maskOfState(word) !== undefined) return `state ${word}`;
  const meant = nearest(word, [...KEYWORDS, ...STATE_NAMES]);
  return meant === undefined || KEYWORDS.includes(meant) ? meant : `state ${meant}`;
}
