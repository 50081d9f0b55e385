import { expect, test } from 'vitest';
import { parseStoredContainers } from '../../../src/runtimes/podman/stored-containers.ts';

const ID = 'c49a88e90ca29985a6fbfb6fd847074a68d8f8e531e3e215239ed40fd535255e';

test('names and images by id; the first name counts', () => {
  const metadata = JSON.stringify({ 'image-name': 'localhost/box:1', name: 'old' });
  const stored = parseStoredContainers([
    { id: ID, names: ['solo2', 'second'], metadata },
    { id: 'f'.repeat(64), names: ['plain'] },
  ]);
  expect(stored.get(ID)).toEqual({ name: 'solo2', image: 'localhost/box:1' });
  expect(stored.get('f'.repeat(64))).toEqual({ name: 'plain' });
});

test.each([
  ['text', 'x'],
  ['nothing', undefined],
  ['an object', { id: ID }],
  ['entries of other types', [1, null, 'x', [], { id: 7, names: ['a'] }, { id: ID }, { id: ID, names: 'a' }]],
  [
    'names of other types',
    [
      { id: ID, names: [7] },
      { id: ID, names: [''] },
      { id: ID, names: [] },
    ],
  ],
  ['an id that is none', [{ id: '../x', names: ['a'] }]],
])('%s: no containers', (_, json) => {
  expect([...parseStoredContainers(json)]).toEqual([]);
});

test('metadata that is not JSON has no image', () => {
  for (const metadata of ['{', 'null', 7, '{"image-name": 7}'])
    expect(parseStoredContainers([{ id: ID, names: ['a'], metadata }]).get(ID)).toEqual({ name: 'a' });
});
