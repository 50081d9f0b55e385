import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createNetns, type TestNetns, until } from '../test/support/netns.ts';
import { environment, SOCKLENS } from './command.ts';
import type { Result } from './comparison.ts';
import { summarise } from './statistics.ts';

const RATE = 15_000;
const SECONDS = 10;
const ROUNDS = 5;
/** Clock ticks a second in /proc/PID/stat: 100 on every machine that Node runs on. */
const TICKS = 100;
/** Without new output for this long, all events are written: events are read every 100 ms. */
const QUIET_MS = 1000;
/** Share of the ends for which the kernel may run no program, and count no miss: docs/events.md, "Not covered". */
export const LEFT_OUT = 1e-4;
const GENERATOR = path.resolve(import.meta.dirname, '../test/support/recipes/churn-main.ts');

/** CPU use of `events --ndjson` at 15,000 connections a second whose two sockets are both in the namespace. */
export async function eventsOfChurn(): Promise<Result> {
  const shares: number[] = [];
  let made = 0;
  let missing = 0;
  let gaps = 0;
  let slowest = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const run = await watchChurn();
    shares.push(run.share);
    made += run.made * 2;
    missing += run.made * 2 - run.counted;
    gaps += run.gaps;
    slowest = Math.max(slowest, run.seconds);
  }
  const title = `${RATE * 2} closed sockets a second for ${SECONDS} s: events --ndjson to a file`;
  const { median, min, max } = summarise(shares);
  if (missing < 0 || (missing > 0 && gaps === 0) || missing > made * LEFT_OUT)
    throw new Error(`${missing} of ${made} events are missing; losses were reported ${gaps} times`);
  return {
    title,
    value: median,
    unit: '% of a core',
    bar: 18,
    remarks: [
      `min ${min.toFixed(1)} %, max ${max.toFixed(1)} % (${ROUNDS} rounds); ${made} sockets were closed, ${saysMissing(missing)}`,
      `the generator took up to ${slowest.toFixed(1)} s; the percentage is of ${SECONDS} s`,
    ],
  };
}

/** @param missing ends of sockets without an event, all of them reported as lost */
export function saysMissing(missing: number): string {
  return missing === 0
    ? 'every one has its event'
    : `the kernel ran no program for ${missing} of them, which were reported as lost`;
}

interface Churn {
  /** Percent of a core. */
  share: number;
  /** Connections that the generator opened. */
  made: number;
  /** Run time of the generator. */
  seconds: number;
  /** Closed sockets that `events` reported. */
  counted: number;
  /** How often it reported losses. */
  gaps: number;
}

async function watchChurn(): Promise<Churn> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-bench-'));
  const netns = createNetns();
  try {
    const generator = netns.spawnNode(GENERATOR, [String(RATE), String(SECONDS)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let output = '';
    generator.stdout?.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    await until('the generator', () => output.includes('ready'));
    const file = path.join(folder, 'events.ndjson');
    const child = await startEvents(netns, file);
    const idle = cpuSeconds(child.pid ?? 0);
    generator.stdin?.write('\n');
    await once(generator, 'exit');
    const [made = 0, seconds = 0] = (/^(\d+) ([\d.]+)$/m.exec(output)?.slice(1) ?? []).map(Number);
    // Everything is written when the file stops growing.
    let size = 0;
    await until('the last event', () => {
      const before = size;
      size = fs.statSync(file).size;
      return size > 0 && size === before && Date.now() - fs.statSync(file).mtimeMs > QUIET_MS;
    });
    const share = ((cpuSeconds(child.pid ?? 0) - idle) / SECONDS) * 100;
    child.kill('SIGINT');
    await once(child, 'exit');
    const lines = fs.readFileSync(file, 'latin1').trimEnd().split('\n');
    const summary = JSON.parse(lines.at(-1) ?? '{}') as { connections: number; gaps: number };
    const counted = lines.filter((line) => line.startsWith('{"type":"connection"')).length;
    if (counted !== summary.connections)
      throw new Error('the summary has another number of connections than the file has lines');
    return { share, made, seconds, counted, gaps: summary.gaps };
  } finally {
    netns.remove();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts `events` with a file as stdout; waits until its netlink socket receives the destroy events of UDP, which it does after those of the tracepoint. */
async function startEvents(netns: TestNetns, file: string): Promise<ChildProcess> {
  const output = fs.openSync(file, 'w');
  const child = spawn(SOCKLENS, ['events', `netns:${netns.name}`, '--ndjson', '--tcp'], {
    env: environment(),
    stdio: ['ignore', output, 'inherit'],
  });
  fs.closeSync(output);
  await until('events to be received', () => / 0000000a /.test(netns.run('cat', '/proc/net/netlink')));
  return child;
}

/** User and system time of a process, proc_pid_stat(5). */
export function cpuSeconds(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}
