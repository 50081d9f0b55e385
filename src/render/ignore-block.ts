import type { IgnoreEntry } from '../model/finding/ignored.ts';

/** What of a text TOML must not have as it is, and what would hide in an editor: control and formatting characters, halves of a pair. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * An entry `[[ignore]]` as it is written in `socklens.toml`.
 *
 * @param entry whose target is a name, not a pattern; of its end the day counts, in UTC
 */
export function ignoreBlock({ rule, target, until, why }: IgnoreEntry): string {
  const lines = [
    '[[ignore]]',
    `rule = ${tomlText(rule)}`,
    ...(target === undefined ? [] : [`target = ${tomlText(literalGlob(target))}`]),
    ...(until === undefined ? [] : [`until = ${until.slice(0, 'YYYY-MM-DD'.length)}`]),
    `why = ${tomlText(why)}`,
  ];
  return lines.join('\n');
}

/** The pattern that matches this text alone: containers choose their names. */
function literalGlob(text: string): string {
  return text.replace(/[*?[]/g, '[$&]');
}

/** A basic string: https://toml.io/en/v1.0.0#string. */
function tomlText(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&').replace(HIDDEN, escaped)}"`;
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  // Half of a surrogate pair is no character that TOML can have.
  const known = code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
  return known > 0xffff ? `\\U${known.toString(16).padStart(8, '0')}` : `\\u${known.toString(16).padStart(4, '0')}`;
}
