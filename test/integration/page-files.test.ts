import zlib from 'node:zlib';
import { expect, test } from 'vitest';
import { pageFiles } from '../../src/packaged/page-files.ts';

test('the page: a document without inline code or style, which names its other files', () => {
  const files = pageFiles();
  const html = Buffer.from(files.get('')?.bytes ?? []).toString();
  expect(html).not.toMatch(/<style|style=|<script(?![^>]*src=)|\son[a-z]+=|https?:/);
  const named = [...html.matchAll(/(?:href|src)="([^"]*)"/g)].map((match) => match[1] ?? '');
  expect(named.map((name) => files.get(name)?.type)).toEqual([
    'image/svg+xml',
    'text/css; charset=utf-8',
    'text/javascript; charset=utf-8',
  ]);
  expect([...files].filter(([, { isImmutable }]) => !isImmutable).map(([name]) => name)).toEqual(['']);
});

test('the page: what is loaded first is at most 80 kB gzipped; the filter language comes later', () => {
  const files = pageFiles();
  const html = Buffer.from(files.get('')?.bytes ?? []).toString();
  const first = ['', ...[...html.matchAll(/(?:href|src)="([^"]*)"/g)].map((match) => match[1] ?? '')];
  const size = first.reduce((sum, name) => sum + zlib.gzipSync(files.get(name)?.bytes ?? '', { level: 9 }).length, 0);
  expect(size).toBeLessThanOrEqual(80_000);
  expect([...files.keys()].some((name) => name.startsWith('filter-language') && !first.includes(name))).toBe(true);
});
