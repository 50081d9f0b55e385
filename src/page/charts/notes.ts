import type { Range } from './timeline.ts';

/** Width of a letter of a note, with its part of the margins, pixels. */
const LETTER = 6.5;
/** Height of a note, with its margins, pixels. */
const HEIGHT = 16;

/** What stands in a plot beside its values. */
export type NoteKind = 'gap' | 'mark' | 'ceiling' | 'peak';

/** A note that would like a place. */
export interface Note {
  kind: NoteKind;
  text: string;
  /** What it is about: it stands over the middle of a gap, and beside a moment. */
  fromMs: number;
  toMs: number;
  /** Below the upper edge of the plot, pixels. */
  top: number;
}

/** A note where it stands. */
export interface PlacedNote extends Note {
  /** As a part of the width: of its left edge, its middle or its right edge. */
  at: number;
  side: 'left' | 'middle' | 'right';
}

/** Notes that have room: the first ones first, none over another. */
export function placedNotes(notes: readonly Note[], range: Range, widthPixels: number): PlacedNote[] {
  const placed: { note: PlacedNote; left: number; right: number }[] = [];
  for (const note of notes) {
    if (note.toMs < range.fromMs || note.fromMs > range.toMs) continue;
    const width = (note.text.length * LETTER) / widthPixels;
    const { at, side } = placeOf(note, range, width);
    const left = { left: at, middle: at - width / 2, right: at - width }[side];
    const isTaken = placed.some(
      (other) => Math.abs(other.note.top - note.top) < HEIGHT && left < other.right && left + width > other.left,
    );
    if (!isTaken) placed.push({ note: { ...note, at, side }, left, right: left + width });
  }
  return placed.map(({ note }) => note);
}

function placeOf({ kind, fromMs, toMs }: Note, range: Range, width: number): Pick<PlacedNote, 'at' | 'side'> {
  const shareOf = (ms: number) => Math.min(Math.max((ms - range.fromMs) / (range.toMs - range.fromMs), 0), 1);
  if (kind !== 'gap') {
    const at = shareOf(fromMs);
    return { at, side: at + width > 1 ? 'right' : 'left' };
  }
  const middle = (shareOf(fromMs) + shareOf(toMs)) / 2;
  if (middle < width / 2) return { at: 0, side: 'left' };
  return middle > 1 - width / 2 ? { at: 1, side: 'right' } : { at: middle, side: 'middle' };
}
