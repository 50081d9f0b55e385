import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createNetns, type TestNetns, until } from '../test/support/netns.ts';
import { environment, SOCKLENS } from './command.ts';
import type { Result } from './comparison.ts';
import { summarise } from './statistics.ts';

const RATE = 12_000;
const SECONDS = 10;
const ROUNDS = 5;
/** Clock ticks a second in /proc/PID/stat: 100 on every machine that Node runs on. */
const TICKS = 100;
/** Events are read ten times in it. */
const QUIET_MS = 1000;
const GENERATOR = path.resolve(import.meta.dirname, '../test/support/recipes/churn-main.ts');

/** The share of a core that `events --ndjson` takes for 12,000 connections a second, both ends seen. */
export async function eventsOfChurn(): Promise<Result> {
  const shares: number[] = [];
  let missing = 0;
  let gaps = 0;
  let slowest = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const run = await watchChurn();
    shares.push(run.share);
    missing += run.made * 2 - run.counted;
    gaps += run.gaps;
    slowest = Math.max(slowest, run.seconds);
  }
  const title = `${RATE * 2} ended sockets a second for ${SECONDS} s: events --ndjson to a file`;
  const { median, min, max } = summarise(shares);
  if (missing !== 0 || gaps !== 0) throw new Error(`${missing} events are missing, ${gaps} gaps`);
  return {
    title,
    value: median,
    unit: '% of a core',
    bar: 25,
    remarks: [
      `min ${min.toFixed(1)} %, max ${max.toFixed(1)} % (${ROUNDS} rounds); every socket was told of, none lost`,
      `the connections were made in ${slowest.toFixed(1)} s at most; the share is of ${SECONDS} s all the same`,
    ],
  };
}

interface Churn {
  /** Percent of a core. */
  share: number;
  /** Connections that the generator made. */
  made: number;
  /** That the generator took. */
  seconds: number;
  counted: number;
  gaps: number;
}

async function watchChurn(): Promise<Churn> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-bench-'));
  const netns = createNetns();
  try {
    const generator = netns.spawnNode(GENERATOR, [String(RATE), String(SECONDS)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let said = '';
    generator.stdout?.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    await until('the generator', () => said.includes('ready'));
    const file = path.join(folder, 'events.ndjson');
    const child = await startEvents(netns, file);
    const idle = cpuSeconds(child.pid ?? 0);
    generator.stdin?.write('\n');
    await once(generator, 'exit');
    const [made = 0, seconds = 0] = (/^(\d+) ([\d.]+)$/m.exec(said)?.slice(1) ?? []).map(Number);
    // All is written when the file does not grow any more.
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
    if (counted !== summary.connections) throw new Error('the summary counts differently');
    return { share, made, seconds, counted, gaps: summary.gaps };
  } finally {
    netns.remove();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Started with its output on a file; ready when a netlink socket of the namespace is a member of the four groups. */
async function startEvents(netns: TestNetns, file: string): Promise<ChildProcess> {
  const output = fs.openSync(file, 'w');
  const child = spawn(SOCKLENS, ['events', `netns:${netns.name}`, '--ndjson', '--tcp'], {
    env: environment(),
    stdio: ['ignore', output, 'inherit'],
  });
  fs.closeSync(output);
  await until('events to be received', () => / 0000000f /.test(netns.run('cat', '/proc/net/netlink')));
  return child;
}

/** User and system time of a process, proc_pid_stat(5). */
export function cpuSeconds(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}
