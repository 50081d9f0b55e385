/** The example of docs/library.md, run as another package would: by the name `socklens`. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { nodeProgram } from '../support/netns.ts';

const root = path.resolve(import.meta.dirname, '../..');
// Inside the package, where its own name leads to its exports.
const folder = fs.mkdtempSync(path.join(root, 'dist', 'example-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(fs.readFileSync(path.join(root, 'docs/library.md'), 'utf8')) ?? [];
const file = path.join(folder, 'example.ts');
fs.writeFileSync(file, example);

test('library: the example of the documentation runs', () => {
  const { status, stdout, stderr } = spawnSync(nodeProgram(), ['--disable-warning=ExperimentalWarning', file, 'host'], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(stdout).toMatch(/^host: \d+$/m);
});

test('library: the example compiles against the published types', () => {
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--types',
    'node',
    '--skipLibCheck',
  ];
  const { stdout } = spawnSync(
    nodeProgram(),
    [path.join(root, 'node_modules/typescript/bin/tsc'), ...options, '--ignoreConfig', file],
    {
      encoding: 'utf8',
      cwd: root,
    },
  );
  expect(stdout).toBe('');
});
