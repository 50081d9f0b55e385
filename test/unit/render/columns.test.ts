import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellShortener, fitColumns, shortenCells, totalWidth } from '../../../src/render/columns.ts';

describe('fitColumns', () => {
  it('shortens down to the least widths before it drops a column', () => {
    const columns = [{ width: 30, least: 10 }, { width: 8, drop: 1 }, { width: 5 }];
    expect(fitColumns(columns, 47)).toEqual([30, 8, 5]);
    expect(fitColumns(columns, 30)).toEqual([13, 8, 5]);
    expect(fitColumns(columns, 26)).toEqual([19, 0, 5]);
  });

  it('drops in the stated order, whatever the widths are', () => {
    const columns = [{ width: 5, drop: 3 }, { width: 5, drop: 1 }, { width: 5, drop: 2 }, { width: 5 }];
    expect(fitColumns(columns, 26)).toEqual([5, 5, 5, 5]);
    expect(fitColumns(columns, 25)).toEqual([5, 0, 5, 5]);
    expect(fitColumns(columns, 18)).toEqual([5, 0, 0, 5]);
    expect(fitColumns(columns, 11)).toEqual([0, 0, 0, 5]);
  });

  it('never exceeds the terminal', () => {
    const column = fc.record({
      width: fc.nat(60),
      least: fc.option(fc.nat(20), { nil: undefined }),
      drop: fc.option(fc.nat(9), { nil: undefined }),
    });
    fc.assert(
      fc.property(
        fc.array(column, { minLength: 1, maxLength: 14 }),
        fc.integer({ min: 1, max: 200 }),
        (columns, limit) => {
          expect(totalWidth(fitColumns(columns, limit))).toBeLessThanOrEqual(limit);
        },
      ),
    );
  });
});

describe('shortenCells', () => {
  const short = (cells: string[], width: number, kind: Parameters<typeof shortenCells>[2]) => {
    const shortened = shortenCells(cells, width, kind);
    return cells.map((cell) => shortened.get(cell));
  };

  it.each([
    ['10.100.200.12:45678', 14, '10.….12:45678'],
    ['[fe80::42:acff:fe11:2]:45678', 16, '[fe80:…:2]:45678'],
    ['database-primary:postgresql (257)', 26, 'data…mary:postgresql (257)'],
    ['[2001:db8::1]', 9, '[200…::1]'],
  ])('an endpoint keeps its port: %s in %d columns', (cell, width, expected) => {
    expect(short([cell], width, 'endpoint')).toEqual([expected]);
  });

  it.each([
    ['23042/nginx-worker', 12, '23042/ngi…er'],
    ['23042/nginx,23043/nginx,23044/nginx', 20, '23042/nginx,+2'],
    ['23042/nginx,23043/nginx,+4', 20, '23042/nginx,+5'],
    ['webhook-dispatcher-7f2a 23042/node', 22, 'webho…-7f2a 23042/node'],
    ['webhook-dispatcher-7f2a 23042/node', 14, '23042/node'],
  ])('a process keeps its PID: %s in %d columns', (cell, width, expected) => {
    expect(short([cell], width, 'process')).toEqual([expected]);
  });

  it('a list keeps its first names and counts the others', () => {
    expect(short(['web-1,web-2,web-3'], 14, 'list')).toEqual(['web-1,web-2,+1']);
    expect(short(['webhook-dispatcher-1,web-2'], 14, 'list')).toEqual(['webho…her-1,+1']);
  });

  it('in a table that grows, other names do not change those that were printed', () => {
    const shorten = cellShortener('name');
    const printed = shorten('webhook-dispatcher-1', 10);
    expect(shorten('webhook-dispatcher-11', 10)).not.toBe(printed);
    expect(shorten('webhook-dispatcher-1', 10)).toBe(printed);
  });
});
