/** The part of a bash command line before the cursor. */
export interface BashLine {
  /** The words of the last command, without quotes; the last one is the word at the cursor. */
  words: string[];
  /** The quote that is open at the cursor. */
  quote: "'" | '"' | undefined;
  /**
   * How many characters of the last word, without quotes, readline keeps: it replaces what follows an open quote, or
   * the last unquoted character of COMP_WORDBREAKS.
   */
  kept: number;
  /** Whether the last word has a quoted part that is closed: then nothing can be put in its place. */
  isClosed: boolean;
}

/**
 * Splits a bash command line at the cursor, bash(1) QUOTING. Nothing is expanded.
 *
 * @param breaks COMP_WORDBREAKS
 */
export function readBashLine(text: string, breaks: string): BashLine {
  let words: string[] = [];
  let word: string | undefined;
  let quote: BashLine['quote'];
  let kept = 0;
  let isClosed = false;
  const add = (character: string) => {
    word = (word ?? '') + character;
  };
  const end = () => {
    if (word !== undefined) words.push(word);
    word = undefined;
    kept = 0;
    isClosed = false;
  };
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote !== undefined) {
      if (character === quote) {
        quote = undefined;
        isClosed = true;
      } else if (quote === '"' && character === '\\' && /["$`\\]/.test(text.charAt(at + 1))) add(text.charAt(++at));
      else add(character);
    } else if (character === '\\') add(text.charAt(++at));
    else if (character === "'" || character === '"') {
      quote = character;
      add('');
      kept = word?.length ?? 0;
    } else if (/\s/.test(character)) end();
    else if (/[;|&]/.test(character)) {
      end();
      words = [];
    } else {
      add(character);
      if (breaks.includes(character)) kept = word?.length ?? 0;
    }
  }
  words.push(word ?? '');
  return { words, quote, kept, isClosed };
}

/**
 * A value as bash text that means exactly this value, to be put behind what readline keeps.
 *
 * @returns undefined where the open quote cannot contain it
 */
export function bashText(value: string, { quote, kept }: Pick<BashLine, 'quote' | 'kept'>): string | undefined {
  const rest = value.slice(kept);
  if (quote === "'") return rest.replaceAll("'", "'\\''");
  // Within double quotes, history expansion cannot be quoted.
  if (quote === '"') return rest.includes('!') ? undefined : rest.replace(/["$`\\]/g, '\\$&');
  const quoted = rest.replace(/[\s"'`$&|;<>(){}[\]*?!\\^]/g, '\\$&');
  // Only at the beginning of a word or behind a colon or an equals sign do these two act.
  return quoted.replace(/^[~#]/, '\\$&');
}
