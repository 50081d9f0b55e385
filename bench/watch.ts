import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createNetns, until } from '../test/support/netns.ts';
import { environment, SOCKLENS } from './command.ts';
import type { Result } from './comparison.ts';
import { cpuSeconds, LEFT_OUT, saysMissing } from './events.ts';
import { summarise } from './statistics.ts';

const RATE = 15_000;
const SECONDS = 10;
const ROUNDS = 3;
const GENERATOR = path.resolve(import.meta.dirname, '../test/support/recipes/churn-main.ts');

/** The fields of a line of `watch --ndjson` that are used here. */
interface Sample {
  type: string;
  at: string;
  closesPerSecond?: number;
  lostEvents?: number;
}

/** CPU use of `watch` with a tick a second at 15,000 connections a second whose two sockets are both in the namespace. */
export async function watchOfChurn(): Promise<Result> {
  const shares: number[] = [];
  let closed = 0;
  let missing = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { share, made, counted, gaps } = await watchChurn();
    shares.push(share);
    const uncounted = made * 2 - counted;
    // Rates have one decimal, so each tick may be off by half a tenth.
    const most = gaps > 0 ? made * 2 * LEFT_OUT : 0;
    if (uncounted < -SECONDS || uncounted > most + SECONDS)
      throw new Error(`${uncounted} closed sockets were not counted; losses were reported ${gaps} times`);
    closed += made * 2;
    if (gaps > 0) missing += Math.max(0, Math.round(uncounted));
  }
  const { median, min, max } = summarise(shares);
  return {
    title: `${RATE * 2} closed sockets a second for ${SECONDS} s: watch, which counts them`,
    value: median,
    unit: '% of a core',
    bar: 6,
    remarks: [
      `min ${min.toFixed(1)} %, max ${max.toFixed(1)} % (${ROUNDS} rounds); ${closed} sockets were closed, ${saysMissing(missing)}`,
    ],
  };
}

async function watchChurn(): Promise<{ share: number; made: number; counted: number; gaps: number }> {
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
    const child = spawn(SOCKLENS, ['watch', `netns:${netns.name}`, '-t', '--ndjson'], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let written = '';
    child.stdout.on('data', (chunk: Buffer) => {
      written += chunk;
    });
    const samples = () =>
      written
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Sample)
        .filter(({ type }) => type === 'sample');
    await until('two samples', () => samples().length > 1);
    const idle = cpuSeconds(child.pid ?? 0);
    generator.stdin?.write('\n');
    await once(generator, 'exit');
    const share = ((cpuSeconds(child.pid ?? 0) - idle) / SECONDS) * 100;
    const count = samples().length;
    await until('the last closes', () => samples().length > count + 2);
    child.kill('SIGINT');
    await once(child, 'exit');
    let counted = 0;
    let gaps = 0;
    samples().forEach((sample, index, all) => {
      const before = all[index - 1];
      gaps += sample.lostEvents ?? 0;
      if (before === undefined) return;
      counted += ((sample.closesPerSecond ?? 0) * (Date.parse(sample.at) - Date.parse(before.at))) / 1000;
    });
    return { share, made: Number(/^(\d+) /m.exec(output)?.[1]), counted, gaps };
  } finally {
    netns.remove();
  }
}
