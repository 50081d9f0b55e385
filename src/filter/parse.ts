import { ALL_STATES, stateMask, TCP_STATE } from '../model/socket/tcp-state.ts';
import { KEYWORDS, type Reading, readCondition } from './keywords.ts';
import { SS_DEFAULT_STATES } from './states.ts';
import type { Filter, SyntaxTree } from './syntax.ts';
import { TokenCursor } from './token-cursor.ts';
import { atom, eachAtom, join, negate } from './tree.ts';
import { sameTree, writeTree } from './write-tree.ts';

/** How `and` and `or` bind: `and` tighter, or strictly from left to right as in ss. */
export type Precedence = 'and-first' | 'ss';

/**
 * Reads a filter.
 *
 * Grammar: states first, as in ss (`state A state B exclude C`), which hold for all that follows;
 * then conditions with `and`, `or`, `not`, their symbols and parentheses; conditions side by side are
 * joined by `and`.
 *
 * @throws {Failure} `usage` with the text, a caret under the place and what was expected
 */
export function parseFilter(text: string, precedence: Precedence = 'and-first'): Filter {
  const reading: Reading = { asSs: precedence === 'ss', notes: [] };
  const tree = new Parser(text, precedence, reading).filter();
  if (precedence === 'ss') {
    const families = tree === undefined ? [] : familiesIn(tree);
    return { text, tree, notes: reading.notes, ...(families.length > 0 && { families }) };
  }
  return { text, tree, notes: [...reading.notes, ...precedenceNote(text, tree)] };
}

/** Where ss would read the words differently, a line that says how. */
function precedenceNote(text: string, tree: SyntaxTree | undefined): string[] {
  if (tree === undefined) return [];
  const asSs = new Parser(text, 'ss', { asSs: false, notes: [] }).filter();
  if (asSs === undefined || sameTree(tree, asSs)) return [];
  return [`"and" binds tighter than "or" here: ${writeTree(tree)}; ss reads ${writeTree(asSs)} (--ss does too)`];
}

function familiesIn(tree: SyntaxTree): ('inet' | 'inet6')[] {
  // ss keeps the last one, and means the whole query by it.
  let family: 'inet' | 'inet6' | undefined;
  eachAtom(tree, (found) => {
    if (found.kind === 'host' && found.family !== undefined) family = found.family;
  });
  return family === undefined ? [] : [family];
}

class Parser {
  readonly #cursor: TokenCursor;
  readonly #precedence: Precedence;
  readonly #reading: Reading;

  constructor(text: string, precedence: Precedence, reading: Reading) {
    this.#cursor = new TokenCursor(text);
    this.#precedence = precedence;
    this.#reading = reading;
  }

  filter(): SyntaxTree | undefined {
    if (this.#cursor.at('end')) return undefined;
    const states = this.#leadingStates();
    if (states !== undefined && this.#cursor.at('end')) return states;
    // States that a connective follows are conditions like any other.
    const connective = this.#cursor.connective();
    const first = connective === 'and' || connective === 'or' ? states : undefined;
    if (this.#cursor.at('end')) return undefined;
    const rest = this.#expression(first);
    this.#refuseRest();
    return states === undefined || first !== undefined ? rest : join('and', [states, rest]);
  }

  /** `state A state B exclude C` at the beginning: A or B, without C. */
  #leadingStates(): SyntaxTree | undefined {
    const from = this.#cursor.current.at;
    let mask: number | undefined;
    for (;;) {
      const { text, quoted } = this.#cursor.current;
      const word = quoted ? '' : text.toLowerCase();
      if (word !== 'state' && word !== 'exclude' && word !== 'excl') break;
      const condition = readCondition(this.#cursor, this.#reading);
      if (condition.kind === 'atom' && condition.atom.kind === 'states') mask = (mask ?? 0) | condition.atom.mask;
      else
        eachAtom(condition, (found) => {
          if (found.kind === 'states') mask = (mask ?? ALL_STATES) & ~found.mask;
        });
    }
    if (mask === undefined) return undefined;
    // Where no state is left ss falls back to what it shows by default.
    if (this.#reading.asSs && !leavesSome(mask)) return atom({ kind: 'states', mask: SS_DEFAULT_STATES });
    if (mask !== 0) return atom({ kind: 'states', mask });
    const span = { at: from, length: this.#cursor.current.at - from };
    throw this.#cursor.wrong(span, 'these states leave none to look for');
  }

  /** @param first what was read already */
  #expression(first?: SyntaxTree): SyntaxTree {
    return this.#precedence === 'ss' ? this.#leftToRight(first) : this.#disjunction(first);
  }

  #disjunction(first?: SyntaxTree): SyntaxTree {
    const nodes = [this.#conjunction(first)];
    while (this.#cursor.connective() === 'or') {
      this.#cursor.advance();
      nodes.push(this.#conjunction());
    }
    return join('or', nodes);
  }

  #conjunction(first?: SyntaxTree): SyntaxTree {
    const nodes = [first ?? this.#term()];
    while (this.#another()) nodes.push(this.#term());
    return join('and', nodes);
  }

  /** Whether a further part of an `and` follows; takes the word itself. */
  #another(): boolean {
    if (this.#cursor.connective() === 'and') {
      this.#cursor.advance();
      return true;
    }
    return !this.#cursor.at('end') && !this.#cursor.at('close') && this.#cursor.connective() !== 'or';
  }

  #leftToRight(first?: SyntaxTree): SyntaxTree {
    let tree = first ?? this.#term();
    for (;;) {
      if (this.#cursor.connective() === 'or') {
        this.#cursor.advance();
        tree = join('or', [tree, this.#term()]);
      } else if (this.#another()) tree = join('and', [tree, this.#term()]);
      else return tree;
    }
  }

  #term(): SyntaxTree {
    const cursor = this.#cursor;
    if (cursor.connective() === 'not') {
      cursor.advance();
      return negate(this.#term());
    }
    if (!cursor.at('open')) return readCondition(cursor, this.#reading);
    const open = cursor.advance();
    const tree = this.#expression();
    if (!cursor.at('close')) throw cursor.wrong(open, 'this parenthesis is not closed', [')', 'and', 'or']);
    cursor.advance();
    return tree;
  }

  #refuseRest(): void {
    const token = this.#cursor.current;
    if (token.kind === 'end') return;
    if (token.kind === 'close') throw this.#cursor.wrong(token, 'this parenthesis was never opened');
    throw this.#cursor.wrong(token, `"${token.text}" stands where the filter should end`, ['and', 'or', ...KEYWORDS]);
  }
}

/** Whether a mask has a state beside the one that older versions of ss do not know. */
function leavesSome(mask: number): boolean {
  return (mask & ~stateMask(TCP_STATE.BOUND_INACTIVE, TCP_STATE.NEW_SYN_RECV)) !== 0;
}
