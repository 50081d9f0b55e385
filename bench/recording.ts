import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { until } from '../test/support/netns.ts';
import { ticksIn } from '../test/support/recording-run.ts';
import { environment, SOCKLENS, timed } from './command.ts';
import type { Measure, Result } from './comparison.ts';
import { makeCrowds } from './crowds.ts';
import { withProgram } from './receiver.ts';
import { summarise } from './statistics.ts';

const CROWDS = { namespaces: 100, sockets: 1000, changing: 10, rate: 10 };
const SECONDS = 60;
const TEN_MINUTES = 600;
const ROUNDS = 5;
/** Wait for the first sample, which dumps every namespace. */
const FIRST_MS = 60_000;
const MEBIBYTE = 1024 * 1024;
const TITLE = `${CROWDS.namespaces} namespaces of ${CROWDS.sockets} sockets, ${CROWDS.changing} of them changing, recorded every second`;

let made: Promise<{ size: Result; reading: Result }> | undefined;

/** Size of a recording of ten minutes: the first state, which is written once, and the growth per second. */
export async function recordingSize(): Promise<Result> {
  made ??= measure();
  return (await made).size;
}

/** Run time of the command that replays the whole recording. */
export async function recordingReadBack(): Promise<Result> {
  made ??= measure();
  return (await made).reading;
}

async function measure(): Promise<{ size: Result; reading: Result }> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-bench-'));
  const file = path.join(folder, 'crowds.slr');
  try {
    const size = await withProgram('crowd', TITLE, (program) => recordCrowds(program, file));
    const skipped = { title: `Reading it back: ${TITLE}`, why: 'nothing was recorded' };
    return { size, reading: fs.existsSync(file) ? await readBack(file) : skipped };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function recordCrowds(program: string, file: string): Promise<Measure> {
  const { names, remove } = await makeCrowds(program, CROWDS.namespaces, CROWDS.changing, CROWDS.rate);
  try {
    const target = names.map((name) => `netns:${name}`).join(',');
    const child = spawn(SOCKLENS, ['record', target, '-o', file, '--for', `${SECONDS}s`], {
      env: environment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    const ended = once(child, 'exit');
    const sizeNow = () => fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    await until('the first sample', () => sizeNow() > 0 && ticksIn(fs.readFileSync(file)).length > 0, FIRST_MS);
    const first = sizeNow();
    const begin = performance.now();
    const [status] = await ended;
    const seconds = (performance.now() - begin) / 1000;
    if (status !== 0) throw new Error(`record failed with status ${status}: ${stderr}`);
    const rate = (sizeNow() - first) / seconds;
    return {
      title: `${TITLE}: the file of ten minutes`,
      value: (first + rate * TEN_MINUTES) / MEBIBYTE,
      unit: 'MiB',
      bar: 5,
      remarks: [
        `extrapolated from ${SECONDS} s: the first state ${Math.round(first / 1024)} KiB, then ${Math.round(rate)} bytes a second`,
        `${CROWDS.rate} connections a second in each of the ${CROWDS.changing}, which last a second; every close is recorded`,
        stderr.trim(),
      ],
    };
  } finally {
    remove();
  }
}

async function readBack(file: string): Promise<Measure> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++)
    times.push(await timed(SOCKLENS, ['watch', '--from', file, '--speed', 'max', '--ndjson']));
  const { median, min, max } = summarise(times);
  return {
    title: `${SECONDS} s of that read back: watch --from --speed max`,
    value: median,
    unit: 'ms',
    bar: (SECONDS * 1000) / 100,
    remarks: [
      `min ${min.toFixed(0)} ms, max ${max.toFixed(0)} ms (${ROUNDS} rounds), start of the program included`,
      `${((SECONDS * 1000) / median).toFixed(0)} times as fast as it happened`,
    ],
  };
}
