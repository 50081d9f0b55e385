import { fittedLine } from '../../../render/terminal/cell.ts';
import type { Line, Span } from '../../../render/terminal/screen.ts';
import { PARTS } from './bars.ts';

const KEYS: readonly [keys: string, does: string][] = [
  ['Up Down PgUp PgDn Home End', 'move the selection'],
  ['Enter Right', 'open the peers of a row, the sockets of a peer'],
  ['Esc Left Backspace', 'back'],
  ['F1 h ?', 'show this help'],
  ['F3 /', 'search rows; F3 again for the next match'],
  ['F4 \\', 'filter: state close-wait, dst db:3306, idle > 30s'],
  ['F5 t', 'toggle between all sockets of the row and its peers'],
  ['F6 < > , .', 'choose the column to sort by'],
  ['P', 'sort by number of sockets (a list: by state)'],
  ['M', 'sort by file descriptors relative to the limit'],
  ['T', 'sort by connections opened per second (a list: idle)'],
  ['N E C W', 'sort by name, ESTABLISHED, CLOSE_WAIT, TIME_WAIT'],
  ['I', 'invert the sort order'],
  ['Space p Z', 'pause, resume'],
  ['+ -', 'longer, shorter interval'],
  ['q', 'back; in the overview: quit'],
  ['F10 Ctrl-C', 'quit'],
  ['Ctrl-Z', 'suspend; fg resumes'],
];

/** The help: keys and colours. */
export function helpLines(width: number, height: number, colour: boolean): Line[] {
  const wide = Math.max(...KEYS.map(([keys]) => keys.length));
  const parts = PARTS.flatMap(({ letter, style, title }): Span[] => [
    { text: colour ? '|' : letter, style },
    { text: ` ${title}  ` },
  ]);
  const lines: Line[] = [
    [{ text: 'Keys of socklens top (press any key to close)', style: 'bold' }],
    ...KEYS.map(([keys, does]): Line => [{ text: `${keys.padStart(wide)}  `, style: 'key' }, { text: does }]),
    [],
    [{ text: 'Bars  ', style: 'bold' }, ...parts],
    [{ text: 'Age: time since the counts were read; only the opened row is read at every tick.' }],
  ];
  return Array.from({ length: height }, (_, index) => fittedLine(lines[index] ?? [], width));
}
