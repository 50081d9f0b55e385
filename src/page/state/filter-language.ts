import { globMatcher } from '../../base/glob.ts';
import { KEYWORDS } from '../../filter/keywords.ts';
import { parseFilter } from '../../filter/parse.ts';
import { Failure } from '../../model/failure.ts';
import type { Wanted } from './wanted.ts';

const CONNECTIVES = ['and', 'or', 'not'];

/**
 * Reads a text of the filter field with the filter language of the command line.
 *
 * @param mayName whether words before the first keyword are names of containers
 */
export function readWanted(text: string, mayName: boolean): Wanted {
  const { names, filter } = mayName ? split(text) : { names: [], filter: text.trim() };
  if (filter === '') return { names, filter };
  try {
    parseFilter(filter);
    return { names, filter };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { names, filter, fault: { message: error.message, details: error.details } };
  }
}

/** Words up to the first keyword, operator or quotation. */
function split(text: string): { names: string[]; filter: string } {
  const names: string[] = [];
  let rest = text.trim();
  for (;;) {
    const word = /^[^\s,]+/.exec(rest)?.[0];
    if (word === undefined || [...KEYWORDS, ...CONNECTIVES].includes(word.toLowerCase()) || /^["'()!=<>]/.test(word))
      break;
    names.push(word);
    rest = rest.slice(word.length).replace(/^[\s,]+/, '');
  }
  return { names, filter: rest };
}

/** Whether a name matches one of the words: as a glob, or a part of the name where the word is none. */
export function matchesName(name: string, words: readonly string[]): boolean {
  return words.some((word) => (/[*?[]/.test(word) ? globMatcher(word)(name) : name.includes(word)));
}
