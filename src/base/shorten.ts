import { cutToWidth, displayWidth } from './display-width.ts';

const ELLIPSIS = '…';
/** Where a name is best cut. */
const SEPARATOR = /[-_.:/@ ]/;
/** Columns of the start that stay in front of a part from further inside. */
const START_WIDTH = 4;

/** A text whose middle may be cut; `head` and `tail` are kept as long as there is room for them. */
export interface Cuttable {
  head: string;
  middle: string;
  tail: string;
}

/** The ways to shorten a text to a width, the most readable first. */
export type Cuts = (text: string, width: number) => Iterable<string>;

/** Cuts a text in its middle, `webhook-…-7f2a`: at separators, then with less of its start, then with parts from inside. */
export function* middleCuts({ head, middle, tail }: Cuttable, width: number): Generator<string> {
  const room = width - displayWidth(head) - displayWidth(tail);
  if (displayWidth(middle) <= room) {
    yield head + middle + tail;
    return;
  }
  if (room < 1) {
    yield head === '' ? cutStart(middle + tail, width) : cutToWidth(head + middle + tail, width);
    return;
  }
  const left = room - 1;
  const cut = (end: number) => head + startOf(middle, left - end) + ELLIPSIS + endOf(middle, end) + tail;
  const half = Math.floor(left / 2);
  yield head + cutAtSeparators(middle, left) + tail;
  for (let end = half; end < left - 1; end++) yield cut(end);
  for (let end = half - 1; end >= 0; end--) yield cut(end);
  yield cut(left);
  const start = startOf(middle, Math.min(START_WIDTH, Math.floor(left / 3)));
  const inside = left - 1 - displayWidth(start);
  const characters = [...middle];
  for (let at = 1; inside > 0 && at < characters.length; at++) {
    const part = startOf(characters.slice(at).join(''), inside);
    yield head + start + ELLIPSIS + part + ELLIPSIS + tail;
  }
}

/** Shortens texts to a width, so that different texts stay different; the same cut for all where one does that. */
export function shortenAll(texts: Iterable<string>, width: number, cuts: Cuts): Map<string, string> {
  const unique = [...new Set(texts)];
  const long = unique.filter((text) => displayWidth(text) > width);
  const taken = new Set(unique.filter((text) => displayWidth(text) <= width));
  const ways = long.map((text) => cuts(text, width)[Symbol.iterator]());
  for (let next = nextOf(ways); next !== undefined; next = nextOf(ways)) {
    const shortened = new Set(next);
    if (shortened.size < long.length || next.some((text) => taken.has(text))) continue;
    return new Map([
      ...[...taken].map((text) => [text, text] as const),
      ...long.map((text, at) => [text, next[at] as string] as const),
    ]);
  }
  const shortener = new Shortener(width, cuts);
  // Those that fit first: they stay as they are.
  return new Map([...taken, ...long].map((text) => [text, shortener.shorten(text)]));
}

/** The next cut of every text; undefined when one of them has no more. */
function nextOf(ways: readonly Iterator<string>[]): string[] | undefined {
  if (ways.length === 0) return undefined;
  const next: string[] = [];
  for (const way of ways) {
    const { value, done } = way.next();
    if (done) return undefined;
    next.push(value);
  }
  return next;
}

/** Shortens texts that arrive one after the other, so that different texts stay different. */
export class Shortener {
  /** Terminal columns of a shortened text. */
  readonly width: number;
  readonly #cuts: Cuts;
  readonly #shortened = new Map<string, string>();
  readonly #taken = new Set<string>();

  constructor(width: number, cuts: Cuts) {
    this.width = width;
    this.#cuts = cuts;
  }

  /** The same short text for the same text. Only where even a number does not fit, two texts may become equal. */
  shorten(text: string): string {
    const known = this.#shortened.get(text);
    if (known !== undefined) return known;
    const shortened = this.#free(text);
    this.#shortened.set(text, shortened);
    this.#taken.add(shortened);
    return shortened;
  }

  #free(text: string): string {
    if (displayWidth(text) <= this.width && !this.#taken.has(text)) return text;
    let first: string | undefined;
    for (const cut of this.#cuts(text, this.width)) {
      first ??= cut;
      if (!this.#taken.has(cut)) return cut;
    }
    const base = first ?? text;
    for (let number = 2; ; number++) {
      const mark = `~${number}`;
      if (mark.length >= this.width) return cutToWidth(base, this.width);
      const numbered = cutToWidth(base, this.width - mark.length) + mark;
      if (!this.#taken.has(numbered)) return numbered;
    }
  }
}

function cutAtSeparators(text: string, width: number): string {
  let end = endOf(text, Math.floor(width / 2));
  const first = [...end].findIndex((character) => SEPARATOR.test(character));
  if (first > 0 && first <= end.length / 2) end = [...end].slice(first).join('');
  let start = startOf(text, width - displayWidth(end));
  const last = [...start].findLastIndex((character) => SEPARATOR.test(character));
  if (last >= start.length / 2) start = [...start].slice(0, last + 1).join('');
  return start + ELLIPSIS + end;
}

function cutStart(text: string, width: number): string {
  return width < 1 ? '' : ELLIPSIS + endOf(text, width - 1);
}

function startOf(text: string, width: number): string {
  return taken([...text], width).join('');
}

function endOf(text: string, width: number): string {
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
