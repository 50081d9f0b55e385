import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createNetns, nodeProgram } from '../test/support/netns.ts';
import { manySockets } from '../test/support/recipes/many-sockets.ts';
import { alternate } from './alternate.ts';
import { BEFORE, candidates, ONE_FILE, run, SOCKLENS, timed } from './command.ts';
import type { Result } from './comparison.ts';

/** Each has two sockets. */
const CONNECTIONS = 5000;
const ROUNDS = 9;
const START_ROUNDS = 25;

/** `ls -p` of a namespace against `ss -tanp` in it, each the whole process. */
export async function listWithOwners(): Promise<Result[]> {
  const netns = createNetns();
  const sockets = await manySockets(netns, CONNECTIONS);
  const results: Result[] = [];
  try {
    const ours = ['ls', `netns:${netns.name}`, '-tanp'];
    const theirs = [`--net=${netns.path}`, '--', 'ss', '-tanp'];
    for (const { program, name, bar } of candidates(0.8, 0.6)) {
      const [mine, original] = [await run(program, ours), await run('nsenter', theirs)];
      const pair = await alternate(
        () => timed(program, ours),
        () => timed('nsenter', theirs),
        ROUNDS,
      );
      results.push({
        title: `Whole command: ${CONNECTIONS * 2} sockets with their processes, ${name}`,
        ours: `${name} ls -tanp`,
        theirs: 'nsenter … ss -tanp',
        pair,
        bar,
        remarks: [`lines written: ${mine.lines} and ${original.lines}`],
      });
    }
    return results;
  } finally {
    await sockets.stop();
    netns.remove();
  }
}

/** `--version` of the one file against a Node that does nothing. */
export async function startOfOneFile(): Promise<Result> {
  return withEmptyProgram(async (nothing) => ({
    title: 'Start: --version of the one file',
    ours: 'one file --version',
    theirs: 'node, which does nothing',
    pair: await alternate(
      () => timed(ONE_FILE, ['--version']),
      () => timed(nodeProgram(), [nothing]),
      START_ROUNDS,
    ),
    bar: 0.65,
  }));
}

/**
 * A command that uses no program in the kernel, against that of another build: the launcher of a checkout from before
 * there were any, named by SOCKLENS_BENCH_BEFORE; without one, against a Node that does nothing.
 */
export async function startWithoutPrograms(): Promise<Result> {
  const netns = createNetns();
  return withEmptyProgram(async (nothing) => {
    const args = ['ls', `netns:${netns.name}`, '-tan'];
    const before = BEFORE === undefined ? [nodeProgram(), nothing] : [BEFORE, ...args];
    const [program = '', ...rest] = before;
    const pair = await alternate(
      () => timed(SOCKLENS, args),
      () => timed(program, rest),
      START_ROUNDS,
    );
    const theirs = BEFORE === undefined ? 'node, which does nothing' : 'the build of before';
    const bar = BEFORE === undefined ? 2 : 1.05;
    return { title: 'Whole command: an empty namespace', ours: 'socklens ls -tan', theirs, pair, bar };
  }).finally(() => netns.remove());
}

/** Makes a program for Node that does nothing, for as long as it is measured. */
async function withEmptyProgram(measure: (file: string) => Promise<Result>): Promise<Result> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-bench-'));
  try {
    const nothing = path.join(folder, 'nothing.cjs');
    fs.writeFileSync(nothing, 'process.stdout.write("\\n")');
    return await measure(nothing);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
