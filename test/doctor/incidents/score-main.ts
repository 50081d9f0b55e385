/**
 * `npm run doctor:score`: how right the doctor is on the recorded incidents. With `--update` the cases that are right
 * are deleted from `known-misses.ts`; none is ever added.
 */
import fs from 'node:fs';
import path from 'node:path';
import { KNOWN_FALSE_ALARMS, KNOWN_MISSES } from './known-misses.ts';
import { score, scoreText } from './score.ts';

const lines = await score();
process.stdout.write(scoreText(lines, process.stdout.columns));

if (process.argv.includes('--update')) {
  const file = path.join(import.meta.dirname, 'known-misses.ts');
  const missed = new Set(lines.filter(({ outcome }) => outcome !== 'first').map(({ name }) => name));
  const loud = new Set(lines.filter(({ alarms }) => alarms.length > 0).map(({ name }) => name));
  const text = fs.readFileSync(file, 'utf8');
  const parts = text.split(/(?<= = \{\n).*?(?=^\};)/ms);
  const [head = '', between = '', end = ''] = parts;
  fs.writeFileSync(file, head + entries(KNOWN_MISSES, missed) + between + entries(KNOWN_FALSE_ALARMS, loud) + end);
}

/** The entries of a list that stay, a line each; the formatter breaks those that are too long. */
function entries(list: Readonly<Record<string, string>>, names: ReadonlySet<string>): string {
  return Object.entries(list)
    .filter(([name]) => names.has(name))
    .map(([name, text]) => `  ${JSON.stringify(name)}: ${JSON.stringify(text)},\n`)
    .join('');
}
