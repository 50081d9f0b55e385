/** How processes are looked at: caps, memory of what was found, and processes that end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { localMachine } from '../../../src/collect/local-machine.ts';
import { StackReader } from '../../../src/collect/stacks/stack-reader.ts';
import { nodeProgram } from '../../support/netns.ts';

const AMPLE = { process: { ms: 10_000, bytes: 64 << 20 }, runMs: 60_000 };

const children: ChildProcess[] = [];
const folders: string[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
});

/** A Node program in a folder of its own. */
async function program(): Promise<{ pid: number; child: ChildProcess; folder: string }> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-reader-'));
  folders.push(folder);
  fs.mkdirSync(`${folder}/node_modules/pg`, { recursive: true });
  fs.writeFileSync(`${folder}/node_modules/pg/package.json`, '{"version":"8.11.0"}');
  fs.writeFileSync(`${folder}/main.cjs`, "console.log('ready'); process.stdin.resume();");
  const child = spawn(nodeProgram(), ['main.cjs'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return { pid: child.pid ?? 0, child, folder };
}

function startOf(pid: number): number {
  const text = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19]);
}

test('a process is looked at once; a replaced file is noticed by a new process only', async () => {
  const reader = new StackReader(localMachine({}), AMPLE);
  const { pid, folder } = await program();
  const first = reader.look([{ pid }]).stacks;
  expect(first).toMatchObject([{ pid, startTicks: startOf(pid), libraries: [{ name: 'pg', version: '8.11.0' }] }]);
  fs.writeFileSync(`${folder}/node_modules/pg/package.json`, '{"version":"9.0.0"}');
  expect(reader.look([{ pid }]).stacks).toEqual(first);
  expect(reader.look([{ pid, startTicks: startOf(pid) }]).stacks).toEqual(first);
  expect(new StackReader(localMachine({}), AMPLE).look([{ pid }]).stacks).toMatchObject([
    { libraries: [{ version: '9.0.0' }] },
  ]);
});

test('a process that has ended, and another one with its PID, are not looked at', async () => {
  const reader = new StackReader(localMachine({}), AMPLE);
  const { pid, child } = await program();
  expect(reader.look([{ pid, startTicks: startOf(pid) + 1 }])).toEqual({ stacks: [], leftOut: 0 });
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(reader.look([{ pid }])).toEqual({ stacks: [], leftOut: 0 });
});

test('what the caps cut is incomplete, and says so', async () => {
  const { pid } = await program();
  const few = new StackReader(localMachine({}), { process: { ms: 10_000, bytes: 10 }, runMs: 60_000 });
  expect(few.look([{ pid }]).stacks).toMatchObject([{ stack: 'Node.js', libraries: [], incomplete: true }]);
  const late = new StackReader(localMachine({}), { process: { ms: -1, bytes: 1 << 20 }, runMs: 60_000 });
  expect(late.look([{ pid }]).stacks).toMatchObject([{ libraries: [], incomplete: true }]);
});

test('when the time of the run is used up, the rest is counted', async () => {
  const { pid } = await program();
  const reader = new StackReader(localMachine({}), { ...AMPLE, runMs: 0 });
  expect(reader.look([{ pid }, { pid: process.pid }])).toEqual({ stacks: [], leftOut: 2 });
});

test('no descriptor stays open', async () => {
  const { pid } = await program();
  const reader = new StackReader(localMachine({}), AMPLE);
  reader.look([{ pid }]);
  const before = fs.readdirSync('/proc/self/fd').length;
  for (let round = 0; round < 5; round++) new StackReader(localMachine({}), AMPLE).look([{ pid }, { pid: 1 }]);
  expect(fs.readdirSync('/proc/self/fd')).toHaveLength(before);
});
