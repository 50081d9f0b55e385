import path from 'node:path';
import type { TestNetns } from '../test/support/netns.ts';
import { alternate } from './alternate.ts';
import { candidates, environment, run, SOCKLENS, timed } from './command.ts';
import type { Result } from './comparison.ts';

const ROUNDS = 9;

/** `ls --by state` against `ss -tan`, each the whole process. */
export async function countAgainstSs(netns: TestNetns): Promise<Result[]> {
  const ours = ['ls', `netns:${netns.name}`, '--by', 'state'];
  const results: Result[] = [];
  for (const { program, name, bar } of candidates(0.8, 0.6)) {
    const pair = await alternate(
      () => timed(program, ours),
      () => timed('nsenter', inside(netns, 'ss', '-tan')),
      ROUNDS,
    );
    results.push({
      title: `Whole command: counted by state, ${name}`,
      ours: `${name} ls --by state`,
      theirs: 'ss -tan',
      pair,
      bar,
    });
  }
  return results;
}

/** `socklens netstat -tan` against net-tools' netstat. */
export async function netstatAgainstNetstat(netns: TestNetns): Promise<Result[]> {
  const ours = ['netstat', `netns:${netns.name}`, '-tan'];
  const theirs = inside(netns, 'netstat', '-tan');
  const results: Result[] = [];
  for (const { program, name, bar } of candidates(0.9, 0.5)) {
    const [mine, original] = [await run(program, ours), await run('nsenter', theirs)];
    const pair = await alternate(
      () => timed(program, ours),
      () => timed('nsenter', theirs),
      ROUNDS,
      0,
    );
    results.push({
      title: `Whole command: netstat -tan, ${name}`,
      ours: `${name} netstat -tan`,
      theirs: 'netstat -tan',
      pair,
      bar,
      remarks: [`bytes written: ${mine.bytes} and ${original.bytes}`],
    });
  }
  return results;
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
