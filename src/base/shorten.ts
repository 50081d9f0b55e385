import { cutToWidth, displayWidth } from './display-width.ts';

const ELLIPSIS = '…';
const OTHER_THAN_ASCII = /[^\x20-\x7e]/;
/** Where a name is best cut. */
const SEPARATOR = /[-_.:/@ ]/;
/** Columns that are given up so that a start ends at a separator. */
const LOST_TO_SEPARATOR = 2;

/** A text whose middle may be cut; `head` and `tail` are kept as long as there is room for them. */
export interface Cuttable {
  head: string;
  middle: string;
  tail: string;
}

/** How a short form is made unlike another one; absent for the most readable form. */
export type Unlike =
  /** Index of the first character that differs, which stays visible. */
  | { at: number }
  /** Text that replaces the end of the middle: no part of the text that fits makes a difference. */
  | { mark: string };

/** Shortens a text to a width. */
export type Cut = (text: string, width: number, unlike?: Unlike) => string;

/** Cuts a text in its middle, `webhook-…-7f2a`. */
export function cutMiddle({ head, middle, tail }: Cuttable, width: number, unlike?: Unlike): string {
  const room = width - displayWidth(head) - displayWidth(tail);
  if (unlike !== undefined && 'mark' in unlike) {
    return head + startOf(middle, room - unlike.mark.length - 1) + ELLIPSIS + unlike.mark + tail;
  }
  if (displayWidth(middle) <= room) return head + middle + tail;
  if (room < 1) return head === '' ? cutStart(middle + tail, width) : cutToWidth(head + middle + tail, width);
  const cut =
    unlike === undefined ? cutAtSeparators(middle, room - 1) : cutAround(middle, room, unlike.at - [...head].length);
  return head + cut + tail;
}

/** Shortens texts to a width, so that different texts stay different. @returns by the whole text */
export function shortenAll(texts: Iterable<string>, width: number, cut: Cut): Map<string, string> {
  const shortened = new Map<string, string>();
  const groups = new Map<string, string[]>();
  for (const text of new Set(texts)) {
    const short = displayWidth(text) > width ? cut(text, width) : text;
    const group = groups.get(short);
    if (group === undefined) groups.set(short, [text]);
    else group.push(text);
  }
  const shortener = new Shortener(width, cut);
  const alike: string[][] = [];
  for (const [short, group] of groups) {
    const [only] = group;
    if (group.length > 1 || only === undefined) alike.push(group);
    else shortened.set(only, shortener.take(only, short));
  }
  // Alike texts are cut alike, so that they can be compared.
  for (const group of alike) {
    const at = commonStart(group);
    const cuts = group.map((text) => (displayWidth(text) > width ? cut(text, width, { at }) : text));
    const isDistinct = new Set(cuts).size === cuts.length && cuts.every((short) => shortener.isFree(short));
    group.forEach((text, index) => {
      shortened.set(text, isDistinct ? shortener.take(text, cuts[index] as string) : shortener.shorten(text));
    });
  }
  return shortened;
}

/** Number of attempts to tell a text from those that it looks like, before it is numbered. */
const ATTEMPTS = 4;

/** Texts that a {@link Shortener} remembers: a stream of connections has no end. */
const MAX_REMEMBERED = 100_000;

/** Shortens texts that arrive one after the other, so that different texts stay different. */
export class Shortener {
  #width: number;
  readonly #cut: Cut;
  readonly #shortened = new Map<string, string>();
  /** The whole text by its short form. */
  readonly #taken = new Map<string, string>();
  /** The next number for texts of a form. */
  readonly #numbers = new Map<string, number>();

  /** @param width terminal columns of a shortened text */
  constructor(width: number, cut: Cut) {
    this.#width = width;
    this.#cut = cut;
  }

  /** Changes the width: texts get other short forms, none of which another text had before. */
  setWidth(width: number): void {
    if (width === this.#width) return;
    this.#shortened.clear();
    this.#numbers.clear();
    this.#width = width;
  }

  /** Whether no text has this short form. */
  isFree(short: string): boolean {
    return !this.#taken.has(short);
  }

  /** Gives a text a short form that is free. @returns that form */
  take(text: string, short: string): string {
    if (this.#taken.size >= MAX_REMEMBERED) {
      this.#shortened.clear();
      this.#taken.clear();
      this.#numbers.clear();
    }
    this.#shortened.set(text, short);
    this.#taken.set(short, text);
    return short;
  }

  /** The same short form for the same text. Only where even a number does not fit, two texts may become equal. */
  shorten(text: string): string {
    return this.#shortened.get(text) ?? this.take(text, this.#free(text));
  }

  #free(text: string): string {
    if (displayWidth(text) <= this.#width && (this.#taken.get(text) ?? text) === text) return text;
    const first = this.#cut(text, this.#width);
    let short = first;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const other = this.#taken.get(short);
      if (other === undefined || other === text) return short;
      short = this.#cut(text, this.#width, { at: commonStart([text, other]) });
    }
    for (let number = this.#numbers.get(first) ?? 2; ; number++) {
      this.#numbers.set(first, number + 1);
      const numbered = this.#cut(text, this.#width, { mark: `~${number}` });
      // Not even a number fits.
      if (displayWidth(numbered) > this.#width) return first;
      if ((this.#taken.get(numbered) ?? text) === text) return numbered;
    }
  }
}

/** Number of characters with which all texts begin. */
function commonStart(texts: readonly string[]): number {
  const [first = [], ...others] = texts.map((text) => [...text]);
  let start = first.length;
  for (const other of others) {
    const differs = first.findIndex((character, index) => index >= start || other[index] !== character);
    if (differs >= 0 && differs < start) start = differs;
  }
  return start;
}

/** Columns of the start that stay in front of a part from further inside. */
const START_WIDTH = 4;

/** Cuts a text to a width so that the character at an index stays visible, with some that follow. */
function cutAround(text: string, width: number, index: number): string {
  const characters = [...text];
  const at = Math.max(0, index);
  const left = width - 1;
  if (left < 3) return startOf(text, left) + ELLIPSIS;
  const half = Math.ceil(left / 2);
  const before = displayWidth(characters.slice(0, at).join(''));
  const after = displayWidth(characters.slice(at).join(''));
  if (before + 2 <= left) {
    const start = Math.max(half, Math.min(left, before + 3));
    return startOf(text, start) + ELLIPSIS + endOf(text, left - start);
  }
  const start = startOf(text, Math.min(START_WIDTH, Math.floor(left / 3)));
  const inside = left - displayWidth(start);
  if (after + 1 <= inside)
    return startOf(text, left - Math.max(half, after + 1)) + ELLIPSIS + endOf(text, Math.max(half, after + 1));
  return start + ELLIPSIS + startOf(characters.slice(Math.max(0, at - 1)).join(''), inside - 1) + ELLIPSIS;
}

function cutAtSeparators(text: string, width: number): string {
  let end = endOf(text, Math.floor(width / 2));
  const first = [...end].findIndex((character) => SEPARATOR.test(character));
  if (first > 0 && first <= end.length / 2) end = [...end].slice(first).join('');
  let start = startOf(text, width - displayWidth(end));
  const last = [...start].findLastIndex((character) => SEPARATOR.test(character));
  const cut = [...start].slice(0, last + 1).join('');
  if (last > 0 && displayWidth(start) - displayWidth(cut) <= LOST_TO_SEPARATOR) start = cut;
  return start + ELLIPSIS + end;
}

function cutStart(text: string, width: number): string {
  return width < 1 ? '' : ELLIPSIS + endOf(text, width - 1);
}

function startOf(text: string, width: number): string {
  if (!OTHER_THAN_ASCII.test(text)) return text.slice(0, Math.max(0, width));
  return taken([...text], width).join('');
}

function endOf(text: string, width: number): string {
  if (!OTHER_THAN_ASCII.test(text)) return width <= 0 ? '' : text.slice(-width);
  return taken([...text].reverse(), width)
    .reverse()
    .join('');
}

/** The first characters that fit into a width. */
function taken(characters: readonly string[], width: number): string[] {
  let used = 0;
  const end = characters.findIndex((character) => {
    used += displayWidth(character);
    return used > width;
  });
  return characters.slice(0, end < 0 ? undefined : end);
}
