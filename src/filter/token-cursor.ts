import type { Failure } from '../model/failure.ts';
import { mistake } from './mistake.ts';
import type { Comparison, TextSpan } from './syntax.ts';
import { type Token, tokenize } from './tokens.ts';

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  '=': '=',
  '==': '=',
  eq: '=',
  '!=': '!=',
  ne: '!=',
  neq: '!=',
  '>': '>',
  gt: '>',
  '<': '<',
  lt: '<',
  '>=': '>=',
  ge: '>=',
  geq: '>=',
  '<=': '<=',
  le: '<=',
  leq: '<=',
};

const AND = ['and', '&', '&&'];
const OR = ['or', '|', '||'];
const NOT = ['not', '!'];

/** Whether a word joins or negates conditions. */
export function isConnective(word: string): boolean {
  return [...AND, ...OR, ...NOT].includes(word.toLowerCase());
}

/** Whether a word compares a keyword with its value. */
export function isComparison(word: string): boolean {
  return Object.hasOwn(COMPARISONS, word.toLowerCase());
}

/** A word with its position in the text. */
export interface Word extends TextSpan {
  text: string;
}

/** Iterates over the tokens of a filter. */
export class TokenCursor {
  readonly text: string;
  readonly #tokens: readonly Token[];
  #index = 0;

  /** @throws {Failure} `usage` for a quote without its end */
  constructor(text: string) {
    this.text = text;
    this.#tokens = tokenize(text);
  }

  /** The current token; after the last one a token of kind `end`. */
  get current(): Token {
    const end: Token = { kind: 'end', at: this.text.length, length: 1, text: '', quoted: false };
    return this.#tokens[this.#index] ?? end;
  }

  /** Whether the current token is of a kind. */
  at(kind: Token['kind']): boolean {
    return this.current.kind === kind;
  }

  /** Returns the current token and moves to the next. */
  advance(): Token {
    const token = this.current;
    this.#index++;
    return token;
  }

  /** The connective that the current token is; undefined for any other token. */
  connective(): 'and' | 'or' | 'not' | undefined {
    const { text, quoted } = this.current;
    const word = quoted ? '' : text.toLowerCase();
    if (AND.includes(word)) return 'and';
    if (OR.includes(word)) return 'or';
    return NOT.includes(word) ? 'not' : undefined;
  }

  /** Consumes a comparison operator; `=` where there is none. */
  comparison(): { op: Comparison; written: boolean } {
    const { text, quoted } = this.current;
    const op = quoted ? undefined : COMPARISONS[text.toLowerCase()];
    if (op === undefined) return { op: '=', written: false };
    this.advance();
    return { op, written: true };
  }

  /** As {@link comparison}, for values without an order. @returns false for `!=` */
  equality(about: string): boolean {
    const token = this.current;
    const { op } = this.comparison();
    if (op !== '=' && op !== '!=') throw this.wrong(token, `${about} supports = and != only`, ['=', '!=']);
    return op === '=';
  }

  /**
   * Consumes a value.
   *
   * @param wanted name of the value for the error: `a port`
   * @throws {Failure} `usage` at the end of the text, a parenthesis or an operator
   */
  value(wanted: string, examples: readonly string[] = []): Word {
    const token = this.current;
    if (token.kind === 'word' && (token.quoted || this.connective() === undefined)) return this.advance();
    if (token.kind === 'end') throw this.wrong(token, `the filter ends where ${wanted} is expected`, examples);
    throw this.wrong(token, `expected ${wanted}, found "${token.text}"`, examples);
  }

  /** The items of a list with commas, each with its position; blanks may follow a comma. */
  items(list: Word): Word[] {
    const written = this.text.slice(list.at, list.at + list.length);
    const isQuoted = /^["']/.test(written);
    let at = list.at + (isQuoted ? 1 : 0);
    return (isQuoted ? list.text : written).split(',').map((part) => {
      const text = part.trim();
      const item = { text, at: at + part.length - part.trimStart().length, length: Math.max(text.length, 1) };
      at += part.length + 1;
      return item;
    });
  }

  /** The error for a part of the text, see {@link mistake}. */
  wrong(span: TextSpan, problem: string, expected: readonly string[] = [], word?: string): Failure {
    return mistake(this.text, span, problem, expected, word);
  }
}
