import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Diagnosis } from '../src/model/finding/diagnosis.ts';
import { createNetns } from '../test/support/netns.ts';
import { manySockets } from '../test/support/recipes/many-sockets.ts';
import { environment, SOCKLENS } from './command.ts';
import type { Result } from './comparison.ts';
import { makeCrowds } from './crowds.ts';
import { withProgram } from './receiver.ts';
import { summarise } from './statistics.ts';

/** Both ends are in the namespace, so there are 10,000 sockets. */
const CONNECTIONS = 5_000;
const LISTENERS = 10;
const SECONDS = 10;
const ROUNDS = 5;
const CONTAINERS = 1000;
const CONTAINER_ROUNDS = 3;
const HOOK = `--require ${path.join(import.meta.dirname, 'cpu-time.cjs')}`;

/** CPU use of `doctor` on 10,000 sockets, its start and its diagnosis included. */
export async function doctorOfMany(): Promise<Result> {
  const runs = await doctorRuns();
  const { median, min, max } = summarise(runs.map(({ cpuMs }) => cpuMs / SECONDS / 10));
  return {
    title: `${CONNECTIONS * 2} sockets in one namespace: doctor --for ${SECONDS}s`,
    value: median,
    unit: '% of a core',
    bar: 15,
    remarks: [`min ${min.toFixed(1)} %, max ${max.toFixed(1)} % (${ROUNDS} rounds), start and diagnosis included`],
  };
}

/** Time from the end of the observation to the exit of `doctor`. */
export async function diagnosisOfMany(): Promise<Result> {
  const runs = await doctorRuns();
  const { median, max } = summarise(runs.map(({ beyondMs }) => beyondMs / 1000));
  const [slowest] = runs.flatMap(({ rules }) => rules).sort((a, b) => b.tookMs - a.tookMs);
  return {
    title: `The same: from the end of the ${SECONDS} s to the end of the process`,
    value: max,
    unit: 's',
    bar: 1,
    remarks: [
      `maximum of ${ROUNDS} rounds, median ${median.toFixed(2)} s; the slowest rule: ${slowest?.rule}, ${slowest?.tookMs} ms`,
      'includes the start of the program',
    ],
  };
}

/** CPU use of `doctor` on many small containers with nothing wrong, its start and its diagnosis included. */
export async function doctorOfContainers(): Promise<Result> {
  const title = `${CONTAINERS} namespaces with 20 sockets each, nothing wrong: doctor --for ${SECONDS}s`;
  return withProgram('crowd', title, async (program) => {
    const crowds = await makeCrowds(program, CONTAINERS, 0, 0, 10);
    try {
      const target = crowds.names.map((name) => `netns:${name}`).join(',');
      const runs: Run[] = [];
      for (let round = 0; round < CONTAINER_ROUNDS; round++) runs.push(await runDoctor(target));
      const loud = Math.max(...runs.map((run) => run.loud));
      if (loud > 0) throw new Error(`${loud} findings, though nothing is wrong`);
      const { median, min, max } = summarise(runs.map(({ cpuMs }) => cpuMs / SECONDS / 10));
      return {
        title,
        value: median,
        unit: '% of a core',
        bar: 20,
        remarks: [`min ${min.toFixed(1)} %, max ${max.toFixed(1)} % (${CONTAINER_ROUNDS} rounds); no finding`],
      };
    } finally {
      crowds.remove();
    }
  });
}

interface Run {
  /** User and system time of the whole process. */
  cpuMs: number;
  /** Wall time of the whole process minus the observation time, `--for`. */
  beyondMs: number;
  rules: Diagnosis['rules'];
  /** Findings of `warning` or above. */
  loud: number;
}

let made: Promise<Run[]> | undefined;

/** Both measures use the same rounds. */
function doctorRuns(): Promise<Run[]> {
  made ??= makeRuns();
  return made;
}

async function makeRuns(): Promise<Run[]> {
  const netns = createNetns();
  try {
    const sockets = await manySockets(netns, CONNECTIONS, LISTENERS);
    const runs: Run[] = [];
    for (let round = 0; round < ROUNDS; round++) runs.push(await runDoctor(`netns:${netns.name}`));
    await sockets.stop();
    return runs;
  } finally {
    netns.remove();
  }
}

async function runDoctor(target: string): Promise<Run> {
  const begin = performance.now();
  const child = spawn(SOCKLENS, ['doctor', target, '--for', `${SECONDS}s`, '--json'], {
    env: environment({ NODE_OPTIONS: HOOK }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let answer = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    answer += piece;
  });
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    stderr += piece;
  });
  const [status] = await once(child, 'close');
  const beyondMs = performance.now() - begin - SECONDS * 1000;
  // Status 1 says that there are findings.
  if (status !== 0 && status !== 1) throw new Error(`doctor failed with status ${status}: ${stderr.trim()}`);
  const { rules, findings } = JSON.parse(answer) as Diagnosis;
  const loud = findings.filter(({ severity }) => severity !== 'info').length;
  return { cpuMs: Number(/^cpu ([\d.]+) ms$/m.exec(stderr)?.[1]), beyondMs, rules, loud };
}
