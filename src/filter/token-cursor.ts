import type { Failure } from '../model/failure.ts';
import { mistake } from './mistake.ts';
import type { Comparison, Span } from './syntax.ts';
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

/** A word that may be read as a value: it has a place in the text. */
export interface Word extends Span {
  text: string;
}

/** Goes through the tokens of a filter, one at a time. */
export class TokenCursor {
  readonly text: string;
  readonly #tokens: readonly Token[];
  #index = 0;

  /** @throws {Failure} `usage` for text that has no tokens */
  constructor(text: string) {
    this.text = text;
    this.#tokens = tokenize(text);
  }

  get current(): Token {
    const end: Token = { kind: 'end', at: this.text.length, length: 1, text: '', quoted: false };
    return this.#tokens[this.#index] ?? end;
  }

  /** Whether a token of this kind stands here. */
  at(kind: Token['kind']): boolean {
    return this.current.kind === kind;
  }

  advance(): Token {
    const token = this.current;
    this.#index++;
    return token;
  }

  /** The connective that stands here; undefined for any other token. */
  connective(): 'and' | 'or' | 'not' | undefined {
    const { text, quoted } = this.current;
    const word = quoted ? '' : text.toLowerCase();
    if (AND.includes(word)) return 'and';
    if (OR.includes(word)) return 'or';
    return NOT.includes(word) ? 'not' : undefined;
  }

  /** Takes the comparison that stands here; `=` where none does. */
  comparison(): { op: Comparison; written: boolean } {
    const { text, quoted } = this.current;
    const op = quoted ? undefined : COMPARISONS[text.toLowerCase()];
    if (op === undefined) return { op: '=', written: false };
    this.advance();
    return { op, written: true };
  }

  /** As {@link comparison}, for what can only be equal or not. */
  equality(about: string): boolean {
    const token = this.current;
    const { op } = this.comparison();
    if (op !== '=' && op !== '!=') throw this.wrong(token, `${about} can only be compared with = and !=`, ['=', '!=']);
    return op === '=';
  }

  /**
   * Takes a value.
   *
   * @param wanted what it is: `a port`
   * @throws {Failure} when the text ends here, or a parenthesis or an operator stands in its place
   */
  value(wanted: string, examples: readonly string[] = []): Word {
    const token = this.current;
    if (token.kind === 'word' && (token.quoted || this.connective() === undefined)) return this.advance();
    const found = token.kind === 'end' ? 'the filter ends' : `"${token.text}" stands`;
    throw this.wrong(token, `${found} where ${wanted} is wanted`, examples);
  }

  /** The error for what stands at a place. */
  wrong(span: Span, problem: string, expected: readonly string[] = [], word?: string): Failure {
    return mistake(this.text, span, problem, expected, word);
  }
}
