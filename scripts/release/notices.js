// node scripts/release/notices.js DIST: prints the notices of all that is in the one file: the bundled packages by
// DIST/THIRD-PARTY.md, koffi and Bun.
import fs from 'node:fs';
import path from 'node:path';
import manifest from '../../package.json' with { type: 'json' };
import { fencedLicense, noticeOf } from '../third-party.js';

const [dist] = process.argv.slice(2);
const root = path.join(import.meta.dirname, '../..');
const parts = [
  fs.readFileSync(path.join(dist, 'THIRD-PARTY.md'), 'utf8'),
  noticeOf(path.join(root, 'node_modules/koffi')),
  `## Bun ${manifest.devDependencies['@oven/bun-linux-x64']}\n`,
  fs.readFileSync(path.join(root, 'scripts/licenses/bun.md'), 'utf8'),
  ...['MIT', 'LGPL-2.0', 'LGPL-2.1', 'Apache-2.0', 'BSD-3-Clause', 'BSD-2-Clause', 'Zlib'].map(fencedLicense),
];
process.stdout.write(parts.join('\n'));
