import { STATE_DISPLAY_ORDER } from '../model/socket/tcp-state.ts';
import { KEYWORDS, TIMERS } from './keywords.ts';
import { STATE_NAMES } from './states.ts';
import { isComparison, isConnective } from './token-cursor.ts';
import { type Token, tokenize } from './tokens.ts';

/** What can follow in a filter. */
export interface FilterProposals {
  /** Words of the filter language, in the spelling that was begun. */
  words: readonly string[];
  /** Whether the name of a container can follow. */
  names: boolean;
}

const NOTHING: FilterProposals = { words: [], names: false };

/** Conditions of a keyword alone. */
const ALONE = ['autobound', 'orphan', 'unaccepted'];

/** Keywords whose value is compared with more than equality; as words, because a shell redirects on `>`. */
const MEASURES = ['idle', 'age', 'recvq', 'sendq', 'rtt', 'retrans'];
const ORDERED = ['gt', 'lt', 'ge', 'le'];

/**
 * Proposes what can follow in a filter.
 *
 * @param before the text before the word at the cursor
 * @param begun the beginning of that word
 */
export function proposeFilterWords(before: string, begun: string): FilterProposals {
  // Quotes inside a filter hold values, which are not known.
  if (/["']/.test(before)) return NOTHING;
  const open = openPart(tokenize(before));
  if (open === 'condition')
    return words([...KEYWORDS.filter((keyword) => keyword !== 'excl' || begun === 'excl'), 'not']);
  if (open === 'connective') return words(['and', 'or']);
  const { keyword, isCompared } = open;
  if (['state', 'exclude', 'excl'].includes(keyword)) return words(statesAs(begun));
  if (MEASURES.includes(keyword)) return isCompared ? NOTHING : words(ORDERED);
  if (keyword === 'role') return words(['client', 'server']);
  if (keyword === 'timer') return words(TIMERS);
  if (keyword === 'keepalive') return words(['on', 'off']);
  return { words: [], names: ['container', 'src', 'dst', 'peer'].includes(keyword) };
}

function words(proposed: readonly string[]): FilterProposals {
  return { words: proposed, names: false };
}

/** States as ss spells them, or as netstat does where that was begun: `CLO`, `close_`. */
function statesAs(begun: string): readonly string[] {
  if (/[A-Z]/.test(begun)) return STATE_DISPLAY_ORDER;
  return begun.includes('_') ? STATE_DISPLAY_ORDER.map((name) => name.toLowerCase()) : STATE_NAMES;
}

type OpenPart = 'condition' | 'connective' | { keyword: string; isCompared: boolean };

/** What comes after the tokens. */
function openPart(tokens: readonly Token[]): OpenPart {
  return tokens.reduce<OpenPart>(after, 'condition');
}

function after(open: OpenPart, { kind, text }: Token): OpenPart {
  const word = text.toLowerCase();
  if (kind === 'open' || isConnective(word)) return 'condition';
  if (kind === 'close') return 'connective';
  if (typeof open === 'string') return ALONE.includes(word) ? 'connective' : { keyword: word, isCompared: false };
  if (isComparison(word)) return { ...open, isCompared: true };
  return text.endsWith(',') ? open : 'connective';
}
