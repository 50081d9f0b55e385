import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { alternate } from './alternate.ts';
import { environment, run, SOCKLENS } from './command.ts';
import type { Comparison, Result } from './comparison.ts';
import { type Crowds, makeCrowds } from './crowds.ts';
import { withProgram } from './receiver.ts';

const NAMESPACES = 200;
const CONNECTIONS = 20;
const CHANGING = 20;
const SECONDS = 10;
const ROUNDS = 3;
const TITLE = `${NAMESPACES} namespaces of ${2 * CONNECTIONS} sockets, ${CHANGING} of them changing, ${SECONDS} s recorded in full: CPU time of a sample`;

/** Recording with the pass over all descriptors, which says which sockets to ask for, against dumps and `/proc/PID/fd`. */
export function recordWithPass(): Promise<Result> {
  return withProgram('crowd', TITLE, async (program) => {
    const crowds = await makeCrowds(program, NAMESPACES, CHANGING, 1, CONNECTIONS);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-bench-'));
    try {
      return await measure(crowds, folder);
    } finally {
      crowds.remove();
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });
}

async function measure({ names }: Crowds, folder: string): Promise<Comparison> {
  const target = names.map((name) => `netns:${name}`).join(',');
  const hook = `--require ${path.join(import.meta.dirname, 'cpu-time.cjs')}`;
  let files = 0;
  const record = async (programs: Record<string, string>) => {
    const file = path.join(folder, `${files++}.slr`);
    // Events have another source without programs: they are no part of the comparison.
    const args = ['record', target, '-o', file, '--full', '--for', `${SECONDS}s`, '--no-events', '--no-stack'];
    const { stderr } = await run(SOCKLENS, args, { env: environment({ NODE_OPTIONS: hook, ...programs }) });
    // A busy machine has fewer samples.
    return Number(/^cpu ([\d.]+) ms$/m.exec(stderr)?.[1]) / Number(/(\d+) samples/.exec(stderr)?.[1]);
  };
  const pair = await alternate(
    () => record({}),
    () => record({ SOCKLENS_BPF: 'off' }),
    ROUNDS,
    0,
  );
  return {
    title: TITLE,
    ours: 'record --full, with the pass',
    theirs: 'the same, SOCKLENS_BPF=off',
    pair,
    bar: 0.85,
  };
}
