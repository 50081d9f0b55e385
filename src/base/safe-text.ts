import { hexByte } from './hex.ts';

/**
 * Control characters and what acts like them: C0 and C1 (escape codes begin with them), DEL, line
 * and paragraph separators, and the characters that turn the direction of text.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * Text that came from outside, made safe for a terminal and for one line of output: what could
 * act on the terminal is written as `\x1b` or `\u202e`.
 */
export function safeText(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${hexByte(code)}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
