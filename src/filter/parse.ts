import { ALL_STATES, stateMask, TCP_STATE } from '../model/socket/tcp-state.ts';
import { KEYWORDS, type ParseContext, readCondition } from './keywords.ts';
import { SS_DEFAULT_STATES } from './states.ts';
import type { Filter, SyntaxTree } from './syntax.ts';
import { TokenCursor } from './token-cursor.ts';
import { atom, eachAtom, join, negate } from './tree.ts';
import { sameTree, writeTree } from './write-tree.ts';

/** Precedence of `and` and `or`: `and` binds tighter, or both are equal and left-associative as in ss. */
export type Precedence = 'and-first' | 'ss';

/**
 * Parses a filter.
 *
 * Grammar: states first, as in ss (`state A state B exclude C`), which apply to all that follows;
 * then conditions with `and`, `or`, `not`, their symbols and parentheses; conditions side by side are
 * joined by `and`.
 *
 * @throws {Failure} `usage`, with the text, a caret under the wrong part, and what was expected
 */
export function parseFilter(text: string, precedence: Precedence = 'and-first'): Filter {
  const context: ParseContext = { asSs: precedence === 'ss', notes: [] };
  const tree = new Parser(text, precedence, context).filter();
  if (precedence === 'ss') {
    const families = tree === undefined ? [] : familiesIn(tree);
    return { text, tree, notes: context.notes, ...(families.length > 0 && { families }) };
  }
  return { text, tree, notes: [...context.notes, ...precedenceNote(text, tree)] };
}

/** A note where ss would parse the text differently; empty otherwise. */
function precedenceNote(text: string, tree: SyntaxTree | undefined): string[] {
  if (tree === undefined) return [];
  const asSs = new Parser(text, 'ss', { asSs: false, notes: [] }).filter();
  if (asSs === undefined || sameTree(tree, asSs)) return [];
  return [`"and" binds tighter than "or": parsed as ${writeTree(tree)}; ss parses it as ${writeTree(asSs)} (see --ss)`];
}

function familiesIn(tree: SyntaxTree): ('inet' | 'inet6')[] {
  // ss applies the last one to the whole query.
  let family: 'inet' | 'inet6' | undefined;
  eachAtom(tree, (found) => {
    if (found.kind === 'host' && found.family !== undefined) family = found.family;
  });
  return family === undefined ? [] : [family];
}

class Parser {
  readonly #cursor: TokenCursor;
  readonly #precedence: Precedence;
  readonly #context: ParseContext;

  constructor(text: string, precedence: Precedence, context: ParseContext) {
    this.#cursor = new TokenCursor(text);
    this.#precedence = precedence;
    this.#context = context;
  }

  filter(): SyntaxTree | undefined {
    if (this.#cursor.at('end')) return undefined;
    const states = this.#leadingStates();
    if (states !== undefined && this.#cursor.at('end')) return states;
    // States before a connective are ordinary conditions.
    const connective = this.#cursor.connective();
    const first = connective === 'and' || connective === 'or' ? states : undefined;
    if (this.#cursor.at('end')) return undefined;
    const rest = this.#expression(first);
    this.#refuseRest();
    return states === undefined || first !== undefined ? rest : join('and', [states, rest]);
  }

  /** `state A state B exclude C` at the start: A or B, without C. */
  #leadingStates(): SyntaxTree | undefined {
    const from = this.#cursor.current.at;
    let mask: number | undefined;
    for (;;) {
      const { text, quoted } = this.#cursor.current;
      const word = quoted ? '' : text.toLowerCase();
      if (word !== 'state' && word !== 'exclude' && word !== 'excl') break;
      const condition = readCondition(this.#cursor, this.#context);
      if (condition.kind === 'atom' && condition.atom.kind === 'states') mask = (mask ?? 0) | condition.atom.mask;
      else
        eachAtom(condition, (found) => {
          if (found.kind === 'states') mask = (mask ?? ALL_STATES) & ~found.mask;
        });
    }
    if (mask === undefined) return undefined;
    // Where no state is left ss falls back to what it shows by default.
    if (this.#context.asSs && !leavesSome(mask)) return atom({ kind: 'states', mask: SS_DEFAULT_STATES });
    if (mask !== 0) return atom({ kind: 'states', mask });
    const span = { at: from, length: this.#cursor.current.at - from };
    throw this.#cursor.wrong(span, 'these states exclude each other: no state is left');
  }

  /** @param first the part that was parsed already; undefined for none */
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

  /** Whether a further operand of `and` follows; consumes the `and`. */
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
    if (!cursor.at('open')) return readCondition(cursor, this.#context);
    const open = cursor.advance();
    const tree = this.#expression();
    if (!cursor.at('close')) throw cursor.wrong(open, 'this parenthesis is not closed', [')', 'and', 'or']);
    cursor.advance();
    return tree;
  }

  #refuseRest(): void {
    const token = this.#cursor.current;
    if (token.kind === 'end') return;
    if (token.kind === 'close') throw this.#cursor.wrong(token, 'this parenthesis was not opened');
    throw this.#cursor.wrong(token, `expected "and", "or" or the end of the filter, found "${token.text}"`, [
      'and',
      'or',
      ...KEYWORDS,
    ]);
  }
}

/** Whether a mask has a state other than the two that ss does not count. */
function leavesSome(mask: number): boolean {
  return (mask & ~stateMask(TCP_STATE.BOUND_INACTIVE, TCP_STATE.NEW_SYN_RECV)) !== 0;
}
