import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayWidth } from '../../../../../src/base/display-width.ts';
import { descriptorBar, stateBar } from '../../../../../src/commands/top/view/bars.ts';
import { placeColumns } from '../../../../../src/commands/top/view/column.ts';
import { OVERVIEW_COLUMNS } from '../../../../../src/commands/top/view/columns.ts';
import { frame } from '../../../../../src/commands/top/view/frame.ts';
import { shortCount } from '../../../../../src/commands/top/view/short-count.ts';
import { initialState } from '../../../../../src/commands/top/view/state.ts';
import { paint } from '../../../../../src/render/terminal/paint.ts';
import { AT_MS, data, peer, pressed, row, socket, textOf } from './fixtures.ts';

const first = initialState({ filter: '', intervalMs: 1000 });
const bar = (...from: Parameters<typeof stateBar>) =>
  stateBar(...from)
    .map(({ text }) => text)
    .join('');

describe('bars', () => {
  it('parts are as long as their counts, what is few can be seen', () => {
    expect(bar(row('a', { ESTABLISHED: 5, CLOSE_WAIT: 5 }), 10, 12, false)).toBe('[EEEEECCCCC]');
    expect(bar(row('a', { ESTABLISHED: 5, CLOSE_WAIT: 5 }), 20, 12, false)).toBe('[EEECC     ]');
    expect(bar(row('a', { ESTABLISHED: 9999, CLOSE_WAIT: 1 }), 10_000, 12, false)).toBe('[EEEEEEEEEC]');
    expect(bar(row('a', { ESTABLISHED: 1, LISTEN: 1 }, { total: 3, udp: 1 }), 3, 8, false)).toBe('[EELLoo]');
    expect(bar(row('a', {}), 10, 6, true)).toBe('[    ]');
  });

  it('always fill their width exactly', () => {
    const states = fc.record({ ESTABLISHED: fc.nat(1e6), LISTEN: fc.nat(9), TIME_WAIT: fc.nat(1e5), CLOSE: fc.nat(9) });
    fc.assert(
      fc.property(states, fc.nat(2e6), fc.integer({ min: 1, max: 80 }), (counts, full, width) => {
        expect(bar(row('a', counts), full, width, true)).toHaveLength(width);
      }),
    );
  });

  it('descriptors against the limit, coloured from 80 and from 95 percent on', () => {
    const use = (used: number, softLimit: number | null) => ({ pid: 1, used, softLimit, hardLimit: null });
    const text = (...from: Parameters<typeof descriptorBar>) =>
      descriptorBar(...from)
        .map((span) => span.text)
        .join('');
    expect(text(use(63, 1024), 14)).toBe('[|    63/1024]');
    expect(text(use(512, 1024), 24)).toBe('[|||||||||||   512/1024]');
    expect(text(use(63, null), 8)).toBe('[    63]');
    expect(text(undefined, 5)).toBe('    -');
    expect(text(use(123_456, 1_000_000), 10)).toBe(' 123k/1.0M');
    const styles = (used: number) => descriptorBar(use(used, 100), 14).map(({ style }) => style);
    expect(styles(79)).toContain('good');
    expect(styles(80)).toContain('warning');
    expect(styles(95)).toContain('bad');
  });

  it.each([
    [7, '7'],
    [0.25, '0.3'],
    [99_999, '99999'],
    [100_000, '100k'],
    [1_234_567, '1.2M'],
    [undefined, '-'],
  ])('%s is %s', (value, text) => {
    expect(shortCount(value)).toBe(text);
  });
});

describe('layout', () => {
  const context = { atMs: AT_MS, colour: true, largest: 9 };
  const rows = [row('webhook-dispatcher-of-the-shop', { ESTABLISHED: 9 })];
  const placed = (width: number) => placeColumns(OVERVIEW_COLUMNS, rows, width, context);

  it('columns fit every width, the name is never left out', () => {
    for (let width = 1; width <= 300; width++) {
      const columns = placed(width);
      const used = columns.reduce((sum, column) => sum + column.width, columns.length - 1);
      expect(used).toBeLessThanOrEqual(width);
      expect(columns[0]?.column.id).toBe('name');
    }
  });

  it('more room shows more columns', () => {
    const titles = (width: number) => placed(width).map(({ column }) => column.title);
    expect(titles(80)).toEqual(['Name', 'Socks', 'States', 'Estab', 'CloseWait', 'TimeWait', 'Descriptors', 'Age']);
    expect(titles(200)).toEqual(OVERVIEW_COLUMNS.map(({ title }) => title));
  });

  it('the age of counts is shown on narrow terminals too', () => {
    for (const width of [30, 40, 60, 80, 100, 120, 160]) {
      expect(placed(width).map(({ column }) => column.id)).toContain('age');
    }
  });

  it('every frame is exactly as large as the terminal, whatever names containers have', () => {
    const names = ['web', 'wide 容器容器容器容器容器容器容器', '\x1b[31mred\x07', 'x'.repeat(300), 'é\u0301\u202e'];
    const rows = names.map((name, index) => row(name, { ESTABLISHED: 10 ** index, CLOSE_WAIT: index }));
    const all = data(rows, {
      peers: names.map((name) => peer(name, { SYN_SENT: 3 })),
      sockets: [socket('1'), socket('2')],
    });
    const someKeys = fc.array(
      fc.constantFrom(
        'down',
        'end',
        'enter',
        'escape',
        'f1',
        'f4',
        'f5',
        'f6',
        '/',
        'I',
        'p',
        'a',
        'é',
        '容',
        'pageup',
      ),
      { maxLength: 12 },
    );
    const size = fc.record({ columns: fc.integer({ min: 1, max: 220 }), rows: fc.integer({ min: 1, max: 70 }) });
    fc.assert(
      fc.property(someKeys, size, fc.boolean(), (keys, terminal, colour) => {
        const lines = textOf(frame(pressed(first, keys, names), all, terminal, colour));
        expect(lines).toHaveLength(terminal.rows);
        for (const line of lines) expect(displayWidth(line)).toBe(terminal.columns);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
        expect(lines.join('')).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/);
      }),
      { numRuns: 300 },
    );
  });

  it('marks the position of an error in a filter', () => {
    const state = pressed(first, ['f4', ...'bad', 'enter'], []);
    const lines = textOf(frame(state, data([]), { columns: 80, rows: 24 }, true)).map((line) => line.trimEnd());
    expect(lines.slice(-3).map((line) => line.slice(0, 14).trimEnd())).toEqual([
      'Filter: bad',
      '        ^^^',
      'no filter',
    ]);
  });

  it('says that nothing is read yet, and that a search found nothing', () => {
    const size = { columns: 80, rows: 24 };
    const [head = ''] = textOf(frame(first, data([], { isReading: true }), size, true));
    expect(head).toMatch(/^socklens top {2}reading … .* every 1s {2}/);
    const names = ['web', 'db'];
    const rows = names.map((name) => row(name, { LISTEN: 1 }));
    const last = (keys: string[]) =>
      textOf(frame(pressed(first, keys, names), data(rows), size, true))
        .at(-1)
        ?.trimEnd();
    expect(last(['/', 'd', 'b'])).toMatch(/^Search: db {3}F3 next match/);
    expect(last(['/', 'd', 'x'])).toBe('Search: dx   no match');
    expect(last(['/', 'd', 'x', 'f3'])).toBe('Search: dx   no match');
    expect(last(['/', 'd', 'x', 'backspace'])).toMatch(/^Search: d {3}F3/);
  });

  it('names the container whose process is nearest to its limit', () => {
    const use = { pid: 4242, used: 900, softLimit: 1024, hardLimit: 4096 };
    const rows = [row('web', { LISTEN: 1 }), row('webhook-dispatcher', { LISTEN: 1 }, { descriptors: use })];
    const files = (columns: number) =>
      textOf(frame(first, data(rows), { columns, rows: 24 }, true)).find((line) => line.startsWith('  Files'));
    expect(files(80)?.trimEnd()).toMatch(/900\/1024\] webhook-dispatcher PID 4242$/);
    expect(files(54)?.trimEnd()).toMatch(/900\/1024\] web…er PID 4242$/);
  });

  it.each([80, 100, 120, 200])(
    'sockets of long addresses are distinct in %d columns, each with its port and PID',
    (columns) => {
      const many = Array.from({ length: 20 }, (_, index) => ({
        ...socket(String(index)),
        local: `[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ff0${index % 10}]:${40_000 + (index >> 1)}`,
        peer: `database-primary-of-the-shop-${index}.internal:postgresql`,
        process: `${23_042 + index}/webhook-dispatch`,
      }));
      const state = pressed(first, ['enter', 'f5'], ['web']);
      const shown = data([row('web', { ESTABLISHED: 20 })], { peers: [], sockets: many });
      const lines = textOf(frame({ ...state, level: 'sockets' }, shown, { columns, rows: 40 }, true));
      const rows = lines.filter((line) => line.includes('ESTABLISHED'));
      expect(rows).toHaveLength(20);
      for (const [index, { process }] of many.entries()) {
        const own = rows.filter((line) => line.includes(` ${process.slice(0, 6)}`));
        expect(own).toHaveLength(1);
        expect(own[0]).toContain(`:${40_000 + (index >> 1)} `);
        expect(own[0]).toContain(':postgresql ');
      }
      expect(new Set(rows.map((line) => line.slice(0, line.indexOf('ESTABLISHED')))).size).toBe(20);
    },
  );

  it('shows the age of counts, rows that were not read, and the note of the budget', () => {
    const old = row('old', { LISTEN: 1 }, { snapshotAtMs: AT_MS - 12_000 });
    const { snapshotAtMs: _, ...never } = row('never', {});
    const lines = textOf(frame(first, data([old, never], { note: 'budget used up' }), { columns: 80, rows: 24 }, true));
    expect(lines.find((line) => line.startsWith('old'))).toMatch(/12s$/);
    expect(lines.find((line) => line.startsWith('never'))).toMatch(/ \?$/);
    expect(lines[4]?.trimEnd()).toBe('budget used up');
    const opened = textOf(frame(pressed(first, ['enter'], ['old']), data([old]), { columns: 80, rows: 24 }, true));
    expect(opened[4]?.trimEnd()).toBe('not read yet');
    expect(opened[0]).toContain('every 1s, counts 12s old');
  });
});

describe('paint', () => {
  it('without colours only what no colour needs is left', () => {
    expect(
      paint(
        [
          { text: 'a', style: 'established' },
          { text: 'b', style: 'selected' },
        ],
        true,
      ),
    ).toBe('\x1b[32ma\x1b[0m\x1b[30;46mb\x1b[0m');
    expect(
      paint(
        [
          { text: 'a', style: 'established' },
          { text: 'b', style: 'selected' },
        ],
        false,
      ),
    ).toBe('a\x1b[7mb\x1b[0m');
  });
});
