/** Sequences of xterm, VT, rxvt, the Linux console and tmux for the keys that are not text; see console_codes(4). */
const SEQUENCES: Readonly<Record<string, string>> = {
  ...{ '[A': 'up', '[B': 'down', '[C': 'right', '[D': 'left', OA: 'up', OB: 'down', OC: 'right', OD: 'left' },
  ...{ '[H': 'home', '[F': 'end', OH: 'home', OF: 'end', '[1~': 'home', '[4~': 'end', '[7~': 'home', '[8~': 'end' },
  ...{ '[5~': 'pageup', '[6~': 'pagedown', '[3~': 'delete' },
  ...{ OP: 'f1', OQ: 'f2', OR: 'f3', OS: 'f4', '[11~': 'f1', '[12~': 'f2', '[13~': 'f3', '[14~': 'f4' },
  ...{ '[[A': 'f1', '[[B': 'f2', '[[C': 'f3', '[[D': 'f4', '[[E': 'f5' },
  ...{ '[15~': 'f5', '[17~': 'f6', '[18~': 'f7', '[19~': 'f8', '[20~': 'f9', '[21~': 'f10' },
};

/** Control characters that have a meaning as keys. */
const CONTROLS: Readonly<Record<string, string>> = {
  ...{ '\r': 'enter', '\n': 'enter', '\t': 'tab', '\x7f': 'backspace', '\b': 'backspace' },
  ...{ '\x03': 'ctrl-c', '\x0c': 'ctrl-l', '\x15': 'ctrl-u' },
};

/** The rest of an escape sequence behind its ESC: `[` with parameters, or `O` with one character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are the point
const SEQUENCE = /^\x1b(\[\[[A-E]|\[[0-9;?<]*[ -/]*[@-Z\\-~]|O[@-~])/;

/** An escape sequence that has not come to its end. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are the point
const BEGUN = /^\x1b(\[\[?[0-9;?<]*|O)?$/;

/**
 * Reads what a terminal sent as keys: a name (`up`, `f6`, `enter`, `escape`), or the character itself.
 *
 * @param complete whether nothing follows: a single ESC is the Escape key then
 * @returns the keys, and the beginning of a sequence whose rest is to come
 */
export function readKeys(input: string, complete: boolean): { keys: string[]; rest: string } {
  const keys: string[] = [];
  let rest = input;
  while (rest !== '') {
    if (rest.startsWith('\x1b')) {
      const sequence = SEQUENCE.exec(rest)?.[1];
      if (sequence !== undefined) {
        const key = SEQUENCES[sequence];
        if (key !== undefined) keys.push(key);
        rest = rest.slice(1 + sequence.length);
        continue;
      }
      if (BEGUN.test(rest) && !complete) return { keys, rest };
      keys.push('escape');
      rest = rest.slice(1);
      continue;
    }
    const [character = ''] = rest;
    const control = CONTROLS[character];
    if (control !== undefined) keys.push(control);
    else if (character >= ' ') keys.push(character);
    rest = rest.slice(character.length);
  }
  return { keys, rest };
}
