/**
 * Writes the manual page: `node scripts/man/main.ts FILE`. Its date is that of SOURCE_DATE_EPOCH
 * (https://reproducible-builds.org/specs/source-date-epoch/), else today.
 */
import fs from 'node:fs';
import path from 'node:path';
import { manPage } from './man-page.ts';

const [file = 'dist/man/socklens.1'] = process.argv.slice(2);
const epoch = process.env.SOURCE_DATE_EPOCH;
const date = epoch === undefined ? new Date() : new Date(Number(epoch) * 1000);
const page = (name: string) => fs.readFileSync(path.join(import.meta.dirname, '../../docs', name), 'utf8');

fs.mkdirSync(path.dirname(file), { recursive: true });
fs.writeFileSync(
  file,
  manPage({ commandLine: page('command-line.md'), filters: page('filters.md'), date: date.toISOString().slice(0, 10) }),
);
