import { mistake } from './mistake.ts';
import type { TextSpan } from './syntax.ts';

/** A word, an operator or a parenthesis in the text of a filter. */
export interface Token extends TextSpan {
  kind: 'word' | 'operator' | 'open' | 'close' | 'end';
  /** Without quotes. */
  text: string;
  /** Whether it was in quotes: then it is not a keyword. */
  quoted: boolean;
}

const OPERATOR = /^(?:==?|!=|>=|<=|>|<|&&?|\|\|?|!)/;
/** A comma at the end of a word continues it over blanks: `80, 443` is one list. */
const WORD = /^(?:[^\s()=!<>&|"']*,\s+(?=[^\s()=!<>&|"',]))*[^\s()=!<>&|"']+/;
const QUOTED = /^(["'])(.*?)\1/s;

/**
 * Splits the text of a filter. Words end at blanks that follow no comma, parentheses and operators; text in quotes is one word.
 *
 * @throws {Failure} `usage` for a quote without its end
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at);
    const blank = /^\s+/.exec(rest)?.[0];
    if (blank !== undefined) {
      at += blank.length;
      continue;
    }
    const token = next(text, rest, at);
    tokens.push(token);
    at += token.length;
  }
  return tokens;
}

function next(text: string, rest: string, at: number): Token {
  const plain = (kind: Token['kind'], found: string): Token => ({
    kind,
    at,
    length: found.length,
    text: found,
    quoted: false,
  });
  if (rest[0] === '(') return plain('open', '(');
  if (rest[0] === ')') return plain('close', ')');
  const operator = OPERATOR.exec(rest)?.[0];
  if (operator !== undefined) return plain('operator', operator);
  const quoted = QUOTED.exec(rest);
  if (quoted !== null) return { kind: 'word', at, length: quoted[0].length, text: quoted[2] ?? '', quoted: true };
  const word = WORD.exec(rest)?.[0];
  if (word === undefined) throw mistake(text, { at, length: rest.length }, 'this quote is not closed');
  return { ...plain('word', word), text: word.replace(/\s+/g, '') };
}
