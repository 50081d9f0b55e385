/** The counts that every verb gives for one target, side by side. */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { LAUNCHER } from './cli.ts';
import { nodeProgram } from './netns.ts';
import { type Counts, sum, withoutZeros } from './recipes/parity.ts';
import { temporaryFolder } from './recording-run.ts';

const run = promisify(execFile);
const TOP_ROWS = path.resolve(import.meta.dirname, 'top-rows-main.ts');

/** How a machine is made for socklens, see `TestEngine.asMachine`. */
export interface ParityMachine {
  env: Record<string, string>;
  prefix: readonly string[];
}

interface Groups {
  groups: { key: Record<string, string>; count: number }[];
}
interface Row {
  name: string;
  sockets?: { byState: Counts; udp: number } | null;
  byState: Counts;
  udp: number;
}
interface Findings {
  findings: { rule: string; summary: string }[];
}

/** The counts of each verb, by its name; `doctor` has those in CLOSE_WAIT only, the one state that it always reports. */
export async function countsOfVerbs(
  machine: ParityMachine,
  target: string,
  rowNames: readonly string[],
): Promise<Record<string, Counts>> {
  // At the same time: entries in TIME_WAIT last a minute.
  const [ps, live, guard, file] = await Promise.all([
    psRows(machine, rowNames),
    commonVerbs(machine, target),
    guardStates(machine, target),
    recordingOf(machine, target, '--full'),
  ]);
  return { ps, guard, ...live, ...(await countsOfRecording(machine, file, target, rowNames)) };
}

/** The counts of each verb that reads a recording, for one target of it. */
export async function countsOfRecording(
  machine: ParityMachine,
  file: string,
  target: string,
  rowNames: readonly string[],
): Promise<Record<string, Counts>> {
  const recorded = await commonVerbs(machine, target, file);
  const named = Object.entries(recorded).map(([verb, counts]) => [`${verb} --from`, counts] as const);
  return { ...Object.fromEntries(named), 'ps --from': await psRows(machine, rowNames, file) };
}

/** Records a target. @param how `--full` or `--summary` @returns the file */
export async function recordingOf(machine: ParityMachine, target: string, how: string): Promise<string> {
  const file = path.join(temporaryFolder(), 'parity.slr');
  await socklens(machine, 'record', target, '-o', file, how, '--for', '600ms', '--interval', '200ms');
  return file;
}

async function commonVerbs(machine: ParityMachine, target: string, file?: string): Promise<Record<string, Counts>> {
  const from = file === undefined ? [] : ['--from', file];
  const watch = file === undefined ? ['--for', '50ms'] : ['--speed', 'max'];
  const doctor = [
    '--set',
    'CLOSE_WAIT_LEAK.minAgeMs=1ms',
    '--set',
    'CLOSE_WAIT_LEAK.warning=1',
    '--rule',
    'CLOSE_WAIT_LEAK',
  ];
  const time = file === undefined ? ['--for', '600ms', '--interval', '200ms'] : [];
  const [tcp, udp, lines, top, diagnosis] = await Promise.all([
    json<Groups>(machine, 'ls', target, '-t', '--by', 'state', ...from),
    json<Groups>(machine, 'ls', target, '-u', '--by', 'state', ...from),
    socklens(machine, 'watch', target, '-t', '--ndjson', ...watch, ...from),
    topRows(machine, target, file),
    json<Findings>(machine, 'doctor', target, ...doctor, ...time, ...from),
  ]);
  return {
    ls: sum(byState(tcp), { udp: udp.groups.reduce((total, { count }) => total + count, 0) }),
    watch: byState(lastSample(lines)),
    top: sum(...top.map((row) => ({ ...row.byState, udp: row.udp }))),
    doctor: closeWait(diagnosis),
  };
}

function byState({ groups }: Groups): Counts {
  return withoutZeros(Object.fromEntries(groups.map(({ key, count }) => [key.state ?? '', count])));
}

function lastSample(lines: string): Groups {
  const objects = lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Groups & { type: string });
  const last = objects.filter(({ type }) => type === 'sample').at(-1);
  if (last === undefined) throw new Error(`watch printed no sample: ${lines}`);
  return last;
}

/** The sum of the rows of these names. */
async function psRows(machine: ParityMachine, names: readonly string[], file?: string): Promise<Counts> {
  const { containers } = await json<{ containers: Row[] }>(
    machine,
    'ps',
    '--all',
    ...(file === undefined ? [] : ['--from', file]),
  );
  const wanted = containers.filter(({ name }) => names.includes(name));
  return sum(...wanted.map(({ sockets }) => ({ ...sockets?.byState, udp: sockets?.udp ?? 0 })));
}

async function topRows({ env, prefix }: ParityMachine, target: string, file?: string): Promise<Row[]> {
  const node = [nodeProgram(), '--disable-warning=ExperimentalWarning', TOP_ROWS, target];
  const [program = '', ...args] = [...prefix, ...node, ...(file === undefined ? [] : [file])];
  const { stdout } = await run(program, args, { env: { ...process.env, ...env } });
  return JSON.parse(stdout) as Row[];
}

async function guardStates(machine: ParityMachine, target: string): Promise<Counts> {
  const report = path.join(temporaryFolder(), 'guard.json');
  const budget = ['--budget', 'drain(all, 500ms) <= 100000', '--no-status', '--interval', '100ms'];
  await socklens(machine, 'guard', target, ...budget, '--report', report, '--', 'true');
  const { states } = JSON.parse(fs.readFileSync(report, 'utf8')) as {
    states: { states: Record<string, readonly number[]> }[];
  };
  const last = states.map(({ states: lines }) =>
    Object.fromEntries(
      Object.entries(lines).map(([state, counts]) => [state === 'UDP' ? 'udp' : state, counts.at(-1) ?? 0]),
    ),
  );
  return sum(...last);
}

function closeWait({ findings }: Findings): Counts {
  const counts = findings
    .filter(({ rule }) => rule === 'CLOSE_WAIT_LEAK')
    .map(({ summary }) => ({ CLOSE_WAIT: Number(/^\d+/.exec(summary)?.[0]) }));
  return sum(...counts);
}

async function json<T>(machine: ParityMachine, ...args: string[]): Promise<T> {
  return JSON.parse(await socklens(machine, ...args, '--json')) as T;
}

/** The stdout of a command that succeeds; the doctor's status 1 means that it found something. */
async function socklens({ env, prefix }: ParityMachine, ...args: string[]): Promise<string> {
  const [program = '', ...rest] = [...prefix, LAUNCHER, ...args];
  const options = { env: { ...process.env, ...env }, maxBuffer: 1 << 28 };
  const { stdout } = await run(program, rest, options).catch((error: { code?: number; stdout: string }) => {
    if (args[0] === 'doctor' && error.code === 1) return error;
    throw error;
  });
  return stdout;
}
