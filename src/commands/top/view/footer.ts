import { displayWidth } from '../../../base/display-width.ts';
import { safeText } from '../../../base/safe-text.ts';
import { wrapWords } from '../../../base/word-wrap.ts';
import { fittedLine } from '../../../render/terminal/cell.ts';
import type { Line, Span } from '../../../render/terminal/screen.ts';
import type { Prompt, TopState } from './state.ts';

const LIST_KEYS: readonly [key: string, label: string][] = [
  ['F1', 'Help'],
  ['F3', 'Search'],
  ['F4', 'Filter'],
  ['F5', 'Flat'],
  ['F6', 'SortBy'],
  ['p', 'Pause'],
  ['Enter', 'Open'],
  ['Esc', 'Back'],
  ['F10', 'Quit'],
];

const MENU_KEYS: readonly [key: string, label: string][] = [
  ['Enter', 'Sort'],
  ['Esc', 'Cancel'],
];

/** The bottom lines: the keys, or the prompt with its error. */
export function footerLines(state: TopState, width: number): Line[] {
  if (state.prompt !== undefined) return promptLines(state.prompt, width);
  return [keyLine(state.menu === undefined ? LIST_KEYS : MENU_KEYS, width)];
}

function keyLine(keys: readonly [string, string][], width: number): Line {
  const spans = keys.flatMap(([key, label]): Span[] => [
    { text: key, style: 'key' },
    { text: `${label} `, style: 'label' },
  ]);
  return fittedLine(spans, width);
}

/** Lines that an error message may take. */
const MAX_LINES = 4;

/** The terminal's own cursor is hidden. */
const CURSOR: Span = { text: ' ', style: 'selected' };

function promptLines({ kind, text, error }: Prompt, width: number): Line[] {
  const label = kind === 'filter' ? 'Filter: ' : 'Search: ';
  const hint = kind === 'filter' ? '  Enter applies, Esc cancels' : '  F3 next match, Enter or Esc closes';
  const characters = [...text];
  // A long text scrolls so that its end, or the position of the error, is visible.
  const room = width - label.length - 2;
  const wanted = error?.at ?? characters.length;
  const start = Math.max(0, Math.min(wanted, characters.length) - room + 1);
  const shown = safeText(characters.slice(start, start + room).join(''));
  const typed: Line = [{ text: label, style: 'bold' }, { text: shown }, CURSOR, { text: hint, style: 'dim' }];
  if (error === undefined) return [fittedLine(typed, width)];
  // A search is repeated with every key: its list must not move.
  if (kind === 'search')
    return [fittedLine([...typed.slice(0, -1), { text: `  ${error.message}`, style: 'bad' }], width)];
  const { at, length = 1, message } = error;
  const lines: Line[] = [fittedLine(typed, width)];
  if (at !== undefined) {
    const before = label.length + displayWidth(characters.slice(start, at).join(''));
    lines.push(
      fittedLine([{ text: ' '.repeat(before) }, { text: '^'.repeat(Math.max(1, length)), style: 'bad' }], width),
    );
  }
  const sentence = wrapWords(safeText(message), width);
  // What is beyond the last line is cut with it.
  const last = sentence.splice(MAX_LINES - 1).join(' ');
  if (last !== '') sentence.push(last);
  lines.push(...sentence.map((text) => fittedLine([{ text, style: 'bad' }], width)));
  return lines;
}
