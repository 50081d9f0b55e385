import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { Assembler } from '../src/bpf/assembler.ts';
import type { BpfProgram } from '../src/bpf/program.ts';
import { tracepointProgram } from '../src/bpf/program.ts';
import { CONNECTION_RECORD, connectionEventsProgram } from '../src/bpf/programs/connection-events.ts';
import { CountedNumbers } from '../src/kernel/bpf/counted-numbers.ts';
import { withKernelTypes } from '../src/kernel/bpf/kernel-types.ts';
import { enableRunStatistics, LoadedProgram } from '../src/kernel/bpf/loaded-program.ts';
import { RingBuffer } from '../src/kernel/bpf/ring-buffer.ts';
import { koffiSystemCalls } from '../src/kernel/koffi-system-calls.ts';
import { createRecorded } from '../src/sources/live/events/connection-program.ts';
import { createNetns, until } from '../test/support/netns.ts';
import type { Result } from './comparison.ts';
import { summarise } from './statistics.ts';

const RATE = 10_000;
const SECONDS = 3;
const ROUNDS = 5;
const RING_BYTES = 64 * 1024 * 1024;
const GENERATOR = path.resolve(import.meta.dirname, '../test/support/recipes/churn-main.ts');

/** What the programs for connection events cost the kernel for each connection with both ends on this machine. */
export async function kernelSideOfEvents(): Promise<Result> {
  const microseconds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) microseconds.push(await oneRound());
  const { median, min, max } = summarise(microseconds);
  return {
    title: 'Kernel side of connection events, per loopback pair',
    value: median,
    unit: 'us',
    bar: 2.2,
    remarks: [
      `min ${min.toFixed(2)}, max ${max.toFixed(2)} (${ROUNDS} rounds): the kernel's run time of both programs, less that of as many empty ones`,
    ],
  };
}

/** @returns microseconds per pair */
async function oneRound(): Promise<number> {
  const calls = koffiSystemCalls();
  const netns = createNetns();
  const closers: { close(): void }[] = [];
  const closing = <T extends { close(): void }>(one: T): T => {
    closers.push(one);
    return one;
  };
  const statistics = enableRunStatistics(calls);
  try {
    const watched = closing(new CountedNumbers(calls, 16));
    const ring = closing(new RingBuffer(calls, CONNECTION_RECORD, RING_BYTES));
    watched.add(fs.statSync(`/run/netns/${netns.name}`).ino);
    const recordedFd = createRecorded(calls);
    closing({ close: () => fs.closeSync(recordedFd) });
    const maps = { netnsFd: watched.fd, ringFd: ring.fd, recordedFd };
    const load = (program: Parameters<typeof withKernelTypes<BpfProgram>>[0]) => {
      const loaded = closing(LoadedProgram.load(calls, withKernelTypes(program)));
      loaded.attach();
      return loaded;
    };
    const programs = (['opening', 'rest', 'rest-second'] as const).map((part) =>
      load((types) => connectionEventsProgram(types, maps, part, 'new')),
    );
    const empty = load((types) => {
      const instructions = new Assembler(types).exit(0).instructions();
      return tracepointProgram(types, 'empty', 'inet_sock_set_state', instructions);
    });
    const made = await churn(netns);
    const runTimeNs = (loaded: LoadedProgram) => loaded.statistics().runTimeNs;
    const emptyNs = runTimeNs(empty) * programs.length;
    return (programs.reduce((sum, loaded) => sum + runTimeNs(loaded), 0) - emptyNs) / made / 1000;
  } finally {
    for (const one of closers.reverse()) one.close();
    fs.closeSync(statistics);
    netns.remove();
  }
}

/** @returns the number of connections that were made */
async function churn(netns: ReturnType<typeof createNetns>): Promise<number> {
  const generator = netns.spawnNode(GENERATOR, [String(RATE), String(SECONDS)], { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  generator.stdout?.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  await until('the generator', () => output.includes('ready'));
  generator.stdin?.write('\n');
  await once(generator, 'exit');
  return Number(/^(\d+) [\d.]+$/m.exec(output)?.[1]);
}
