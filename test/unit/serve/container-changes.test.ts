import { expect, test } from 'vitest';
import { ContainerChanges } from '../../../src/serve/collector/container-changes.ts';

/** What changes from tick to tick; a row is `name` or `name=id`. */
function changesOf(...ticks: [atMs: number, rows: string][]): string[] {
  const changes = new ContainerChanges();
  return ticks.flatMap(([atMs, rows]) =>
    changes
      .take(
        rows
          .split(' ')
          .filter((row) => row !== '')
          .map((row) => ({ name: row.split('=')[0] ?? '', id: row.split('=').at(-1) ?? '' })),
        atMs,
      )
      .map(({ text, isRemade }) => `${atMs} ${text}${isRemade ? ', another one' : ''}`),
  );
}

test('a container that comes or goes is told once, those of the first tick are not', () => {
  expect(changesOf([1, 'a b'], [2, 'a b'], [3, 'a'], [4, 'a c'], [5, 'a c'])).toEqual(['3 b stopped', '4 c started']);
});

test('another name of the same container is neither an end nor a beginning', () => {
  expect(changesOf([1, 'web=1 db=2'], [2, 'api=1 db=2'], [3, 'api=1 db=2'])).toEqual(['2 web renamed to api']);
  // Two that exchange their names keep both names: each is another container now.
  expect(changesOf([1, 'a=1 b=2'], [2, 'a=2 b=1'])).toEqual([
    '2 a restarted, another one',
    '2 b restarted, another one',
  ]);
});

test('a name that is back within minutes was restarted, as the same container or another', () => {
  expect(changesOf([1000, 'a=1'], [2000, ''], [3000, 'a=1'])).toEqual(['2000 a stopped', '3000 a restarted']);
  expect(changesOf([1000, 'a=1'], [2000, 'a=2'])).toEqual(['2000 a restarted, another one']);
  expect(changesOf([1000, 'a=1'], [2000, ''], [400_000, 'a=1'])).toEqual(['2000 a stopped', '400000 a started']);
});
