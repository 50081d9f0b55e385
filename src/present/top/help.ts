import { PARTS } from './bars.ts';
import { fittedLine } from './cell.ts';
import type { Line, Span } from './screen.ts';

const KEYS: readonly [keys: string, does: string][] = [
  ['Up Down PgUp PgDn Home End', 'move the bar'],
  ['Enter Right', 'open: a row its peers, a peer its sockets'],
  ['Esc Left Backspace', 'back'],
  ['F1 h ?', 'this help'],
  ['F3 /', 'search: to the next row with the text'],
  ['F4 \\', 'filter: state close-wait, dst db:3306, idle > 30s'],
  ['F5 t', 'all sockets of the opened row, or its peers'],
  ['F6 < > , .', 'choose the column to sort by'],
  ['P', 'sort by sockets; a list of sockets by state'],
  ['M', 'sort by descriptors against their limit'],
  ['T', 'sort by connections opened a second, or idle time'],
  ['N E C W', 'sort by name, ESTABLISHED, CLOSE_WAIT, TIME_WAIT'],
  ['I', 'the other way round'],
  ['Space p Z', 'pause, go on'],
  ['+ -', 'slower, faster'],
  ['q', 'back, in the overview quit'],
  ['F10 Ctrl-C', 'quit'],
];

/** What the keys and the colours mean. */
export function helpLines(width: number, height: number, colour: boolean): Line[] {
  const wide = Math.max(...KEYS.map(([keys]) => keys.length));
  const parts = PARTS.flatMap(({ letter, style, title, states }): Span[] => [
    { text: colour ? '|' : letter, style },
    { text: ` ${states.length > 1 ? `${title} (${states.length} states)` : title}  ` },
  ]);
  const lines: Line[] = [
    [{ text: 'Keys of socklens top (any key ends this help)', style: 'bold' }],
    ...KEYS.map(([keys, does]): Line => [{ text: `${keys.padStart(wide)}  `, style: 'key' }, { text: does }]),
    [],
    [{ text: 'Bars  ', style: 'bold' }, ...parts],
    [{ text: 'Age is how old the counts by state are: what nobody opens is read where it moves.' }],
  ];
  return Array.from({ length: height }, (_, index) => fittedLine(lines[index] ?? [], width));
}
