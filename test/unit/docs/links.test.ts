/** Links between the pages of this repository lead somewhere. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const pages = [...fs.globSync('*.md', { cwd: ROOT }), ...fs.globSync('docs/**/*.md', { cwd: ROOT })].filter(
  (page) => page !== 'CHANGELOG.md',
);

/** The anchor that GitHub gives a heading. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const anchorsOf = (file: string) =>
  [...fs.readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchor(heading));

test.each(pages)('%s', (page) => {
  const file = path.join(ROOT, page);
  const text = fs.readFileSync(file, 'utf8').replace(/```[\s\S]*?```/g, '');
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  const dead = links.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [name = '', fragment] = target.split('#');
    const to = name === '' ? file : path.resolve(path.dirname(file), name);
    if (!fs.existsSync(to)) return true;
    return fragment !== undefined && !anchorsOf(to).includes(fragment);
  });
  expect(dead).toEqual([]);
});
