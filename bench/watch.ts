import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createNetns, until } from '../test/support/netns.ts';
import { environment, SOCKLENS } from './command.ts';
import type { Result } from './comparison.ts';
import { cpuSeconds } from './events.ts';
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
  const errors: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { share, made, counted, lost } = await watchChurn();
    if (lost > 0) throw new Error(`events were lost ${lost} times`);
    shares.push(share);
    errors.push(Math.abs(counted - made * 2));
  }
  const { median, min, max } = summarise(shares);
  const worst = Math.max(...errors);
  // Rates have one decimal, so each tick may be off by half a tenth.
  if (worst > SECONDS) throw new Error(`${worst} closed sockets were not counted`);
  return {
    title: `${RATE * 2} closed sockets a second for ${SECONDS} s: watch, which counts them`,
    value: median,
    unit: '% of a core',
    bar: 6,
    remarks: [
      `min ${min.toFixed(1)} %, max ${max.toFixed(1)} % (${ROUNDS} rounds); every close was counted, none lost`,
    ],
  };
}

async function watchChurn(): Promise<{ share: number; made: number; counted: number; lost: number }> {
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
    let lost = 0;
    samples().forEach((sample, index, all) => {
      const before = all[index - 1];
      lost += sample.lostEvents ?? 0;
      if (before === undefined) return;
      counted += ((sample.closesPerSecond ?? 0) * (Date.parse(sample.at) - Date.parse(before.at))) / 1000;
    });
    return { share, made: Number(/^(\d+) /m.exec(output)?.[1]), counted, lost };
  } finally {
    netns.remove();
  }
}
