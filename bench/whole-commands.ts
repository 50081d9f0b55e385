import path from 'node:path';
import type { TestNetns } from '../test/support/netns.ts';
import { alternate } from './alternate.ts';
import { environment, run, SOCKLENS, timed } from './command.ts';
import type { Result } from './comparison.ts';

const ROUNDS = 9;

/** `ls --by state` against `ss -tan`, each the whole process. */
export async function countAgainstSs(netns: TestNetns): Promise<Result> {
  const ours = ['ls', `netns:${netns.name}`, '--by', 'state'];
  const pair = await alternate(
    () => timed(SOCKLENS, ours),
    () => timed('nsenter', inside(netns, 'ss', '-tan')),
    ROUNDS,
  );
  return {
    title: 'Whole command: counted by state',
    ours: 'socklens ls --by state',
    theirs: 'ss -tan',
    pair,
    bar: 0.8,
  };
}

/** `socklens netstat -tan` against net-tools' netstat. */
export async function netstatAgainstNetstat(netns: TestNetns): Promise<Result> {
  const title = 'Whole command: netstat -tan';
  const ours = ['netstat', `netns:${netns.name}`, '-tan'];
  const theirs = inside(netns, 'netstat', '-tan');
  const [mine, original] = [await run(SOCKLENS, ours), await run('nsenter', theirs)];
  const pair = await alternate(
    () => timed(SOCKLENS, ours),
    () => timed('nsenter', theirs),
    ROUNDS,
    0,
  );
  return {
    title,
    ours: 'socklens netstat -tan',
    theirs: 'netstat -tan',
    pair,
    bar: 0.9,
    remarks: [`bytes written: ${mine.bytes} and ${original.bytes}`],
  };
}

/** Peak memory of counting. */
export async function memoryOfCounting(netns: TestNetns): Promise<Result> {
  const values: number[] = [];
  const hook = `--require ${path.join(import.meta.dirname, 'max-rss.cjs')}`;
  for (let round = 0; round < 3; round++) {
    const { stderr } = await run(SOCKLENS, ['ls', `netns:${netns.name}`, '-t', '--by', 'state,peer'], {
      env: environment({ NODE_OPTIONS: hook }),
    });
    values.push(Number(/^peak (\d+) KiB$/m.exec(stderr)?.[1]));
  }
  return {
    title: 'Peak memory: ls -t --by state,peer',
    value: Math.max(...values) / 1024,
    unit: 'MiB',
    bar: 150,
    remarks: [`maximum of ${values.length} runs (VmHWM)`],
  };
}

function inside(netns: TestNetns, ...command: string[]): string[] {
  return [`--net=${netns.path}`, '--', ...command];
}
