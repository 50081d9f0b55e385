import { expect, test } from 'vitest';
import { densityOf, linesOf } from '../../../src/page/rows/fold.ts';
import { byTrouble, inOrder } from '../../../src/page/rows/order.ts';
import { rowsAt } from '../../../src/page/rows/replay.ts';
import { Slopes } from '../../../src/page/rows/slopes.ts';
import { Sparks, sparkPaths } from '../../../src/page/rows/sparks.ts';
import type { ContainerRow } from '../../../src/serve/protocol.ts';

function row(name: string, more: Partial<ContainerRow> = {}): ContainerRow {
  return { id: name, name, runtime: 'docker', status: 'running', problems: {}, ...more };
}

function withClosing(count: number): Partial<ContainerRow> {
  return { sockets: { open: count, timeWait: 0, udp: 0, raw: 0, byState: { CLOSE_WAIT: count } } };
}

test('rows are sorted by severity, descriptors, CLOSE_WAIT and name', () => {
  const rows = [
    row('web-10'),
    row('web-2'),
    row('leaks', withClosing(7)),
    row('full', { descriptors: { pid: 1, used: 900, limit: 1000 } }),
    row('warned', { problems: { warning: 2 } }),
    row('broken', { problems: { critical: 1 } }),
    row('hidden', { status: 'not-read' }),
    row('a-stopped', { status: 'stopped', ...withClosing(9) }),
  ];
  expect(rows.sort(byTrouble).map(({ name }) => name)).toEqual([
    'broken',
    'warned',
    'hidden',
    'full',
    'leaks',
    'web-2',
    'web-10',
    'a-stopped',
  ]);
});

test('an order that is held stays, says how many rows would move, and has new rows at the end', () => {
  const rows = [row('a'), row('b', { problems: { critical: 1 } }), row('c'), row('new', { problems: { critical: 1 } })];
  const held = inOrder(rows, ['a', 'b', 'c']);
  expect(held.rows.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'new']);
  expect(held.moved).toBe(4);
  expect(inOrder(rows.slice(0, 3), ['b', 'a', 'c']).moved).toBe(0);
});

test('of many containers the calm ones are folded by project, and the fold says what it hides', () => {
  const rows = Array.from({ length: 100 }, (_, index) =>
    row(`c${index}`, { project: index % 2 === 0 ? 'shop' : 'mail' }),
  );
  rows[0] = row('c0', { project: 'shop', problems: { warning: 1 } });
  const lines = linesOf(rows, densityOf(100), new Set());
  expect(
    lines.map((line) => ('row' in line ? line.row.name : `${line.group.project} ${line.group.rows.length}`)),
  ).toEqual(['c0', 'mail 50', 'shop 49']);
  expect(linesOf(rows, densityOf(100), new Set(['shop'])).length).toBe(3 + 49);
  // So many that their projects are too many to read are one line; opened, they are in the order of all.
  const crowd = Array.from({ length: 1000 }, (_, index) => row(`c${index}`, { project: `p${index % 300}` }));
  crowd[7] = row('c7', { project: 'p7', problems: { critical: 1 } });
  const [first, ...others] = linesOf(crowd, densityOf(1000), new Set());
  expect(first).toMatchObject({ row: { name: 'c7' } });
  expect(others).toMatchObject([{ group: { project: '', projects: 300, isOpen: false } }]);
  expect(linesOf(crowd, densityOf(1000), new Set(['']))).toHaveLength(1001);
  // Few containers are simply listed.
  expect(linesOf(rows.slice(0, 9), densityOf(9), new Set()).every((line) => 'row' in line)).toBe(true);
});

test('the past of a row has the highest value of each point, and no line across a gap', () => {
  const sparks = new Sparks(94_000);
  for (const [atMs, value] of [
    [1000, 5],
    [1500, 9],
    [1900, 2],
    [2000, 3],
    [5000, 4],
  ] as const)
    sparks.add('web', atMs, value);
  const values = sparks.of('web', { fromMs: 0, toMs: 5000 });
  expect(values).toEqual([9, 3, undefined, undefined, 4]);
  const { line } = sparkPaths(values, { width: 4, height: 10, top: 9 });
  expect(line.match(/M/g)).toHaveLength(2);
  sparks.prune(4000, new Set());
  expect(sparks.of('web', { fromMs: 0, toMs: 5000 })).toEqual([undefined, undefined, undefined, undefined, 4]);
});

test('growth is known after a minute', () => {
  const slopes = new Slopes();
  for (let at = 0; at <= 55_000; at += 1000) slopes.add('web', at, at / 1000);
  expect(slopes.perMinute('web')).toBeUndefined();
  for (let at = 56_000; at <= 90_000; at += 1000) slopes.add('web', at, at / 1000);
  expect(slopes.perMinute('web')).toBe(60);
});

test('a row of the past has what is stored and nothing of now', () => {
  const now = row('web', { image: 'nginx', ...withClosing(50), openedPerSecond: 5, busiestPeer: undefined as never });
  const stored = {
    fromMs: 0,
    toMs: 30_000,
    stepMs: 10_000,
    firstMs: 0,
    points: 3,
    containers: [
      {
        container: 'web',
        columns: [
          { name: 'open', mean: [1, 2, 3] },
          { name: 'state.CLOSE_WAIT', mean: [0, 1, 2] },
        ],
      },
      { container: 'gone', columns: [{ name: 'open', mean: [null, 7, null] }] },
    ],
    gaps: [],
    marks: [],
  };
  const rows = rowsAt([now], stored, [], 15_000);
  expect(rows).toMatchObject([
    { name: 'web', image: 'nginx', sockets: { open: 2, byState: { CLOSE_WAIT: 1 } } },
    { name: 'gone', sockets: { open: 7 } },
  ]);
  expect(rows[0]).not.toHaveProperty('openedPerSecond');
  expect(rows[0]).not.toHaveProperty('busiestPeer');
});
