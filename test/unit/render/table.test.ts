import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayWidth } from '../../../src/base/display-width.ts';
import { ByteWriter } from '../../../src/render/byte-writer.ts';
import { GrowingTable } from '../../../src/render/growing-table.ts';
import { type Column, Table } from '../../../src/render/table.ts';

const NAME: Column = { title: 'Name', align: 'left', shorten: 'name' };
const COUNT: Column = { title: 'Count', align: 'right' };
const NOTE: Column = { title: 'Note', align: 'left', optional: true };

function rendered(table: Table, width?: number): string[] {
  const out = new ByteWriter();
  table.render(out, width);
  return linesOf(out);
}

function linesOf(out: ByteWriter): string[] {
  const text = new TextDecoder().decode(out.bytes());
  expect(text.endsWith('\n')).toBe(true);
  return text.slice(0, -1).split('\n');
}

/** A table of names with their counts. */
function tableOf(rows: readonly (readonly [name: string, count: number])[]): Table {
  const table = new Table([NAME, COUNT]);
  for (const [name, count] of rows) {
    table.text(name);
    table.uint(count);
  }
  return table;
}

describe('Table', () => {
  it('aligns cells below their titles: text to the left, numbers to the right', () => {
    const lines = rendered(
      tableOf([
        ['web', 7],
        ['database', 12_345],
      ]),
    );
    expect(lines).toEqual(['Name      Count', 'web           7', 'database  12345']);
  });

  it('prints the header alone where there are no rows', () => {
    expect(rendered(tableOf([]))).toEqual(['Name  Count']);
  });

  it('hides an optional column while all its cells are empty', () => {
    const table = new Table([COUNT, NOTE]);
    table.uint(1);
    table.text('');
    expect(rendered(table)).toEqual(['Count', '    1']);
    table.uint(2);
    table.text('new');
    expect(rendered(table)).toEqual(['Count  Note', '    1  ', '    2  new']);
  });

  it('prints a dash for an unknown number', () => {
    const table = new Table([COUNT]);
    table.uint(undefined);
    expect(rendered(table)).toEqual(['Count', '    -']);
  });

  it('prints a detail below its row', () => {
    const table = tableOf([
      ['web', 1],
      ['db', 2],
    ]);
    const first = new Table([COUNT]);
    first.uint(1);
    first.detail('    below one');
    first.uint(2);
    expect(rendered(first)).toEqual(['Count', '    1', '    below one', '    2']);
    expect(table.rows).toBe(2);
  });

  it('wraps a detail that is wider than the terminal, indented as before', () => {
    const table = new Table([COUNT]);
    table.uint(1);
    table.detail('    rtt:1ms cwnd:10 mss:1448');
    expect(rendered(table, 16)).toEqual(['Count', '    1', '    rtt:1ms', '    cwnd:10', '    mss:1448']);
  });

  it('styles a cell only where the output has colours; its padding is not styled', () => {
    const table = new Table([NAME, COUNT]);
    table.text('web');
    table.style('bad');
    table.uint(7);
    table.style(undefined);
    const drawn = (colour: boolean) => {
      const out = new ByteWriter();
      table.render(out, 80, colour);
      return linesOf(out)[1];
    };
    expect(drawn(true)).toBe('\x1b[1;31mweb\x1b[0m       7');
    expect(drawn(false)).toBe('web       7');
  });

  it('counts wide characters as two columns', () => {
    const lines = rendered(
      tableOf([
        ['数据库', 1],
        ['web', 2],
      ]),
    );
    expect(lines.map(displayWidth)).toEqual([13, 13, 13]);
  });

  it('escapes control characters of a cell', () => {
    const text = rendered(tableOf([['a\u001b[31mb\n', 1]])).join('');
    expect([...text].filter((character) => character < ' ')).toEqual([]);
  });

  it('narrows flexible columns until the table fits, with an ellipsis', () => {
    const lines = rendered(tableOf([['a-container-with-a-long-name', 1]]), 20);
    expect(lines.map(displayWidth)).toEqual([20, 20]);
    expect(lines[1]).toContain('…');
  });

  it('never exceeds the terminal while flexible columns have room, and changes nothing where it fits', () => {
    const rows = fc.array(fc.tuple(fc.string({ maxLength: 60 }), fc.nat(99_999)), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(rows, fc.integer({ min: 15, max: 90 }), (cells, width) => {
        const free = rendered(tableOf(cells));
        const lines = rendered(tableOf(cells), width);
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
        if (free.every((line) => displayWidth(line) <= width)) expect(lines).toEqual(free);
      }),
    );
  });

  it('keeps its cells when its buffers grow: ten thousand rows', () => {
    const rows = Array.from({ length: 10_000 }, (_, index): [string, number] => [`row-${index}`, index]);
    const lines = rendered(tableOf(rows));
    expect(lines).toHaveLength(10_001);
    expect(lines[10_000]).toBe('row-9999   9999');
  });
});

describe('GrowingTable', () => {
  const columns = [
    { title: 'Time', align: 'left', width: 5 },
    { title: 'Name', align: 'left', width: 8, shorten: 'name' },
    { title: 'Bytes', align: 'right', width: 5, drop: 1 },
  ] as const;
  const print = (limit: number | undefined, ...rows: string[][]): string[] => {
    const out = new ByteWriter();
    const table = new GrowingTable(columns, { columns: limit });
    table.header(out);
    for (const row of rows) table.row(out, row);
    return linesOf(out);
  };

  it('widens a column with its widest cell so far, and leaves earlier rows as they are', () => {
    expect(print(undefined, ['10:00', 'web', '1'], ['10:01', 'a-longer-name', '23'])).toEqual([
      'Time   Name      Bytes',
      '10:00  web           1',
      '10:01  a-longer-name     23',
    ]);
  });

  it('truncates the flexible column so that a row fits the terminal', () => {
    const [, row = ''] = print(30, ['10:00', 'a-name-that-is-much-too-long-for-it', '1']);
    expect(displayWidth(row)).toBeLessThanOrEqual(30);
    expect(row).toContain('…');
  });

  it('drops the columns that may be dropped where the terminal is too narrow', () => {
    expect(print(20, ['10:00', 'web', '1'])).toEqual(['Time   Name', '10:00  web']);
  });
});
