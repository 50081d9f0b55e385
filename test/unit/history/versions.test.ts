import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HISTORY_VERSION } from '../../../src/history/database.ts';
import type { History } from '../../../src/history/history.ts';
import { HistoryError } from '../../../src/history/history-error.ts';
import { openHistory } from '../../../src/history/stored-history.ts';
import { HISTORY_START_MS, simulatedValue } from '../../support/simulated-history.ts';

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures/history');
const VERSIONS = Array.from({ length: HISTORY_VERSION }, (_, index) => index + 1);

let folder: string;
let file: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-history-'));
  file = path.join(folder, 'history.db');
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

function open(): History {
  return openHistory(folder, { keepMs: 30 * 86_400_000, maxBytes: 500e6 });
}
function errorOf(run: () => unknown): HistoryError {
  try {
    run();
  } catch (error) {
    if (error instanceof HistoryError) return error;
    throw error;
  }
  throw new Error('it was opened');
}

// `node test/support/history-main.ts fixture FOLDER; gzip FOLDER/history.db`, by the last commit of that version.
test.each(VERSIONS)('a history of version %i is read, and goes on', (version) => {
  fs.writeFileSync(file, gunzipSync(fs.readFileSync(path.join(FIXTURES, `version-${version}.db.gz`))));
  const history = open();
  const range = { fromMs: HISTORY_START_MS, toMs: HISTORY_START_MS + 130_000 };
  const { series, gaps } = history.read({
    ...range,
    fromMs: range.fromMs - 1000,
    points: 131,
    containers: ['c4'],
    series: ['s2'],
  });
  expect([...(series[0]?.mean ?? [])]).toEqual([
    Number.NaN,
    ...Array.from({ length: 130 }, (_, index) => simulatedValue(index, 4, 2)),
  ]);
  expect(gaps).toEqual([]);
  expect(history.read({ ...range, fromMs: 0, points: 1, series: [], containers: ['c0'] }).gaps).toMatchObject([
    { container: 'c0', reason: 'a reason' },
  ]);
  expect(history.edges({ ...range, points: 20 }).edges).toMatchObject([{ client: 'c0', server: 'c1', port: 80 }]);
  expect(history.events({ ...range, limit: 9 })).toMatchObject([{ text: 'an event', details: { n: 1 } }]);
  expect(history.problems({ ...range, limit: 9 })).toMatchObject([
    { id: 'p', title: 'a leak', details: [1], resolvedAtMs: undefined },
  ]);
  const container = { name: 'c4', id: 'a', facts: {}, values: new Map([['s2', 77]]) };
  history.append({ atMs: range.toMs, monotonicMs: 1, containers: [container] });
  history.close();
  const again = open();
  expect(again.read({ fromMs: range.toMs, toMs: range.toMs + 1000, points: 1, series: ['s2'] }).series).toMatchObject([
    { container: 'c4', max: Float64Array.of(77) },
  ]);
  again.close();
});

test('a history of a newer version is refused, and stays as it is', () => {
  open().close();
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA user_version = ${HISTORY_VERSION + 1}`);
  database.close();
  const before = fs.readFileSync(file);
  const error = errorOf(open);
  expect([error.kind, error.message]).toEqual([
    'newer',
    `${file}: written by a newer version of socklens (format ${HISTORY_VERSION + 1}, this version knows up to ${HISTORY_VERSION}); use that version or another --data folder`,
  ]);
  expect(fs.readFileSync(file)).toEqual(before);
});

test('the database of another program is refused, and stays as it is', () => {
  const database = new DatabaseSync(file);
  database.exec('CREATE TABLE theirs (a)');
  database.close();
  const before = fs.readFileSync(file);
  const error = errorOf(open);
  expect([error.kind, error.message]).toEqual([
    'unusable',
    `${file}: a database of another program; use another --data folder`,
  ]);
  expect(fs.readFileSync(file)).toEqual(before);
});

test('a file that is no database is refused, and stays as it is', () => {
  fs.writeFileSync(
    file,
    'something else that is longer than the head of a database, which has a hundred bytes of its own.......',
  );
  const error = errorOf(open);
  expect(error.kind).toBe('unusable');
  expect(error.message).toMatch(/not a history of socklens, or damaged \(.*\); move it away to begin a new one$/);
  expect(fs.readFileSync(file, 'utf8')).toMatch(/^something else/);
});

test('a damaged part of the file costs what was in it, and is named', () => {
  const history = open();
  for (let index = 0; index < 30; index++) {
    const container = { name: 'c', id: 'a', facts: {}, values: new Map([['s', index + 1]]) };
    history.append({ atMs: HISTORY_START_MS + index * 1000, monotonicMs: index * 1000, containers: [container] });
  }
  history.close();
  const database = new DatabaseSync(file);
  database.exec(
    "UPDATE chunk SET mean = x'ffffffff' WHERE tier = 0 AND id = (SELECT min(id) FROM chunk WHERE tier = 0)",
  );
  database.close();
  const again = open();
  const { series } = again.read({
    fromMs: HISTORY_START_MS,
    toMs: HISTORY_START_MS + 30_000,
    points: 30,
    series: ['s'],
  });
  expect([...(series[0]?.mean ?? [])].filter((value) => !Number.isNaN(value))).toEqual(
    Array.from({ length: 20 }, (_, index) => index + 11),
  );
  expect(again.state().notKept).toEqual([expect.stringMatching(/^\d damaged parts? of the file/)]);
  again.close();
});

test('a folder that cannot be made is refused', () => {
  fs.writeFileSync(file, '');
  const error = errorOf(() => openHistory(path.join(file, 'data'), { keepMs: 1, maxBytes: 1 }));
  expect([error.kind, error.message]).toEqual([
    'unusable',
    `${file}/data: cannot make this folder: not a directory (ENOTDIR)`,
  ]);
});

// Node's own way of making the folders above tries for ever there.
test.each(['/proc/data', '/proc/data/of/serve'])(
  '%s: where the kernel makes no folder, it is refused at once',
  (folder) => {
    const error = errorOf(() => openHistory(folder, { keepMs: 1, maxBytes: 1 }));
    expect([error.kind, error.message]).toEqual([
      'unusable',
      `${folder}: cannot make this folder: no such file or directory (ENOENT)`,
    ]);
  },
);

test('the folders above it are made, for their owner alone', () => {
  const folder = path.join(file, 'of', 'serve');
  openHistory(folder, { keepMs: 1, maxBytes: 1e6 }).close();
  expect([file, path.dirname(folder), folder].map((made) => fs.statSync(made).mode & 0o777)).toEqual([
    0o700, 0o700, 0o700,
  ]);
});
