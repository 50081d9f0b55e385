/** Runs the built `socklens doctor` on a test's sockets, and writes the table of proved rules. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { RULES } from '../../src/doctor/catalogue.ts';
import type { Diagnosis } from '../../src/model/finding/diagnosis.ts';
import type { Finding } from '../../src/model/finding/finding.ts';
import { LAUNCHER } from './cli.ts';

export interface DiagnoseOptions {
  /** Rules to run; undefined for all. */
  rules?: readonly string[];
  /** Observation time; default `3s`. */
  for?: string;
  interval?: string;
  /** Settings, `RULE.name=value`: windows shortened. */
  set?: readonly string[];
  pools?: readonly string[];
  serverLimits?: readonly string[];
  replicas?: readonly string[];
  env?: Record<string, string>;
  /** Command prefix, such as an Engine's `asMachine`. */
  prefix?: readonly string[];
  /** Called with the process id, once it is started. */
  started?: (pid: number) => void;
}

/** Runs `socklens doctor TARGET --json` while the test goes on making sockets. */
export async function diagnose(target: string, options: DiagnoseOptions = {}): Promise<Diagnosis> {
  const many = (name: string, values: readonly string[] = []) => values.flatMap((value) => [name, value]);
  const args = [
    'doctor',
    target,
    '--json',
    '--for',
    options.for ?? '3s',
    ...(options.interval === undefined ? [] : ['--interval', options.interval]),
    ...many('--rule', options.rules),
    ...many('--set', options.set),
    ...many('--pool', options.pools),
    ...many('--server-limit', options.serverLimits),
    ...many('--replicas', options.replicas),
  ];
  const [program = LAUNCHER, ...words] = [...(options.prefix ?? []), LAUNCHER, ...args];
  const child = spawn(program, words, { env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] });
  options.started?.(child.pid ?? 0);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    stdout += piece;
  });
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    stderr += piece;
  });
  const [status] = await once(child, 'close');
  if (status !== 0 && status !== 1) throw new Error(`doctor ${target}: status ${status}: ${stderr}`);
  return JSON.parse(stdout) as Diagnosis;
}

/** Proof of a rule: a fault that it finds, and a healthy situation that it does not report. */
export interface Proof {
  rule: string;
  /** How the fault is produced, for the table: `namespace: …`, `docker: …`, `recorded numbers: …`. */
  how: string;
  /** The healthy situation that resembles the fault, for the table; undefined for a rule that reports facts. */
  lookAlike?: string;
  /** Produces the fault. @returns the doctor's findings */
  fault(): Promise<readonly Finding[]>;
  /** Produces the healthy situation. @returns the doctor's findings */
  healthy?(): Promise<readonly Finding[]>;
  /** Further assertions on the rule's finding. */
  check?(finding: Finding): void;
  /** Time limit in milliseconds; default a minute. */
  timeoutMs?: number;
}

/** Tests that a rule finds its fault and does not report the healthy situation; stores the result for `docs/rules/README.md`. */
export function prove({ rule, how, lookAlike, fault, healthy, check, timeoutMs = 60_000 }: Proof): void {
  test(`${rule}: named (${how})`, { timeout: timeoutMs }, async () => {
    note(rule, { how, lookAlike, named: false });
    const findings = await fault();
    const named = findings.find((finding) => finding.rule === rule);
    expect(named, `findings: ${findings.map((finding) => finding.rule).join(', ') || 'none'}`).toBeDefined();
    if (named !== undefined) check?.(named);
    note(rule, { named: true });
  });
  if (healthy === undefined) return;
  test(`${rule}: quiet (${lookAlike})`, { timeout: timeoutMs }, async () => {
    note(rule, { how, lookAlike, quiet: false });
    const reported = (await healthy()).filter((finding) => finding.rule === rule && finding.severity !== 'info');
    expect(reported).toEqual([]);
    note(rule, { quiet: true });
  });
}

interface Note {
  how?: string;
  lookAlike?: string | undefined;
  named?: boolean;
  quiet?: boolean;
}

const NOTES = 'node_modules/.cache/socklens-rules';

function note(rule: string, part: Note): void {
  fs.mkdirSync(NOTES, { recursive: true });
  const file = `${NOTES}/${rule}.json`;
  const known = fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, 'utf8')) as Note) : {};
  fs.writeFileSync(file, JSON.stringify({ ...known, ...part }));
}

/** Deletes the results of earlier runs. */
export function clearProofs(): void {
  fs.rmSync(NOTES, { recursive: true, force: true });
}

/** Writes the table of `docs/rules/README.md`; does nothing after a run that did not test every rule. */
export function writeProofs(file = 'docs/rules/README.md'): void {
  const rows: string[] = [];
  for (const { name, title } of RULES) {
    const path = `${NOTES}/${name}.json`;
    if (!fs.existsSync(path)) return;
    const { how, lookAlike, named, quiet } = JSON.parse(fs.readFileSync(path, 'utf8')) as Note;
    const silent = lookAlike === undefined ? '-' : `${yes(quiet)} (${lookAlike})`;
    rows.push(`| [${name}](${name}.md) | ${title} | ${how} | ${yes(named)} | ${silent} |`);
  }
  const table = [
    '| Rule | Finds | Reproduced | Named | Look-alike quiet |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ];
  fs.writeFileSync(file, `${INTRODUCTION}\n${table.join('\n')}\n`);
}

function yes(value: boolean | undefined): string {
  return value === true ? 'yes' : 'no';
}

const INTRODUCTION = `# The rules of the doctor

\`socklens explain RULE\` prints the page of a rule. The test run writes this table: it reproduced each rule's fault live
and the doctor named it; it reproduced a healthy look-alike too, and the rule stayed quiet. A fault that cannot be
reproduced in a namespace was judged on recorded numbers, and says so. Facts without a look-alike have none.
`;
