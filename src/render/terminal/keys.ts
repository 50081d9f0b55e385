import type { ScreenEvent } from './screen.ts';

/** What a person typed: a key, or text that was pasted. */
export type InputEvent = Extract<ScreenEvent, { kind: 'key' | 'paste' }>;

/** Escape sequences of xterm, VT, rxvt, the Linux console and tmux, without their ESC; see console_codes(4). */
const SEQUENCES: Readonly<Record<string, string>> = {
  '[A': 'up',
  '[B': 'down',
  '[C': 'right',
  '[D': 'left',
  OA: 'up',
  OB: 'down',
  OC: 'right',
  OD: 'left',
  '[H': 'home',
  '[F': 'end',
  OH: 'home',
  OF: 'end',
  '[1~': 'home',
  '[4~': 'end',
  '[7~': 'home',
  '[8~': 'end',
  '[5~': 'pageup',
  '[6~': 'pagedown',
  '[3~': 'delete',
  OP: 'f1',
  OQ: 'f2',
  OR: 'f3',
  OS: 'f4',
  '[11~': 'f1',
  '[12~': 'f2',
  '[13~': 'f3',
  '[14~': 'f4',
  '[[A': 'f1',
  '[[B': 'f2',
  '[[C': 'f3',
  '[[D': 'f4',
  '[[E': 'f5',
  '[15~': 'f5',
  '[17~': 'f6',
  '[18~': 'f7',
  '[19~': 'f8',
  '[20~': 'f9',
  '[21~': 'f10',
};

/** Control characters that are keys. */
const CONTROLS: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\x7f': 'backspace',
  '\b': 'backspace',
  '\x03': 'ctrl-c',
  '\x0c': 'ctrl-l',
  '\x15': 'ctrl-u',
  '\x1a': 'ctrl-z',
};

/** A complete escape sequence: ESC `[` parameters final, ESC `O` final, or `ESC [ [ A` of the Linux console. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the input contains escape sequences
const COMPLETE = /^\x1b(\[\[[A-E]|\[[0-9:;?<]*[ -/]*[@-Z\\-~]|O[@-~])/;

/** The start of an escape sequence whose end has not arrived. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the input contains escape sequences
const INCOMPLETE = /^\x1b(\[\[?[0-9:;?<]*[ -/]*|O)?$/;

/** Bracketed paste: a terminal in mode 2004 sends pasted text between these two. */
const PASTE_START = '[200~';
const PASTE_END = '\x1b[201~';

/**
 * Turns what a terminal sends into keys and pastes. A key is a name (`up`, `f6`, `enter`, `escape`,
 * `ctrl-c`) or the character itself; sequences without a name in the tables above are dropped.
 *
 * ESC alone is the Escape key, but also the first byte of every sequence. The caller of the parser
 * calls {@link flush} when {@link isWaiting} and no input has arrived for some time.
 */
export class KeyParser {
  /** The start of an escape sequence, held back until the rest arrives. */
  #pending = '';
  /** Text of the paste that has started; undefined outside a paste. */
  #paste: string | undefined;

  /** Whether input is held back that {@link flush} would turn into keys. False inside a paste, which always ends. */
  get isWaiting(): boolean {
    return this.#pending !== '' && this.#paste === undefined;
  }

  /** Parses the next input, decoded from UTF-8. */
  push(input: string): InputEvent[] {
    return this.#parse(this.#pending + input, false);
  }

  /** Parses what is held back, given that nothing follows. */
  flush(): InputEvent[] {
    return this.isWaiting ? this.#parse(this.#pending, true) : [];
  }

  #parse(input: string, isComplete: boolean): InputEvent[] {
    const events: InputEvent[] = [];
    const key = (name: string | undefined) => {
      if (name !== undefined) events.push({ kind: 'key', key: name });
    };
    this.#pending = '';
    let rest = input;
    while (rest !== '') {
      if (this.#paste !== undefined) {
        rest = this.#parsePaste(rest, events);
      } else if (rest.startsWith('\x1b')) {
        const sequence = COMPLETE.exec(rest)?.[1];
        if (sequence === undefined && INCOMPLETE.test(rest) && !isComplete) {
          this.#pending = rest;
          return events;
        }
        if (sequence === PASTE_START) this.#paste = '';
        else key(sequence === undefined ? 'escape' : SEQUENCES[sequence]);
        rest = rest.slice(1 + (sequence?.length ?? 0));
      } else {
        const [character = ''] = rest;
        key(CONTROLS[character] ?? (character >= ' ' ? character : undefined));
        rest = rest.slice(character.length);
      }
    }
    return events;
  }

  /** Takes the text of a paste up to its end. @returns the input after it */
  #parsePaste(input: string, events: InputEvent[]): string {
    const text = (this.#paste ?? '') + input;
    const end = text.indexOf(PASTE_END);
    if (end < 0) {
      this.#paste = text;
      return '';
    }
    this.#paste = undefined;
    events.push({ kind: 'paste', text: text.slice(0, end) });
    return text.slice(end + PASTE_END.length);
  }
}
