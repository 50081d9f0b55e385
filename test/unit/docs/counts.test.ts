/** Numbers of rules and of recorded incidents that texts and pictures state are those of the catalogues. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { RULES } from '../../../src/doctor/catalogue.ts';
import type { Rule } from '../../../src/doctor/rule.ts';
import { HEALTHY, INCIDENTS } from '../../doctor/incidents/catalogue.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const FILES = ['*.md', 'docs/**/*.md', 'docs/**/*.svg'].flatMap((pattern) => fs.globSync(pattern, { cwd: ROOT }));

/** The run that a rule needs with its defaults, milliseconds. */
function shortestMs({ needsMs, settings }: Rule): number {
  return needsMs(Object.fromEntries(Object.entries(settings).map(([name, setting]) => [name, setting.default])));
}

/** What a pattern with one group finds, with its file. */
function stated(pattern: RegExp): { file: string; count: number }[] {
  return FILES.flatMap((file) =>
    [...fs.readFileSync(path.join(ROOT, file), 'utf8').matchAll(pattern)].map(([, count]) => ({
      file,
      count: Number(count),
    })),
  );
}

test.each([
  ['rules of the doctor', /\b(\d+) rules\b(?! checked)/g, RULES.length],
  // Of these a run of less than a minute judges those that need no longer one.
  ['rules that a run has checked', /\b(\d+) rules checked/g, RULES.filter((rule) => shortestMs(rule) < 60_000).length],
  ['incidents', /\b(\d+) incidents of public reports/g, INCIDENTS.length],
  ['healthy services', /\b(\d+) healthy services/g, HEALTHY.length],
])('%s', (_, pattern, count) => {
  const found = stated(pattern);
  expect(found).not.toEqual([]);
  expect(found.filter((each) => each.count !== count)).toEqual([]);
});
