/** Problems over the replicas of a service, with a real Engine: live, from a recording, and from a redacted one. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Diagnosis } from '../../src/model/finding/diagnosis.ts';
import type { ProblemPlace } from '../../src/model/finding/problem.ts';
import { socklens } from '../support/cli.ts';
import { type TestEngine, testEngine } from '../support/engine.ts';
import { until } from '../support/netns.ts';
import { nodeContainer } from '../support/recipes/node-container.ts';
import type { ParityPlan } from '../support/recipes/parity.ts';

const PROGRAM = path.resolve(import.meta.dirname, '../support/recipes/parity-main.ts');
const NONE = { established: 0, closeWait: 0, serverTimeWait: 0, clientTimeWait: 0, udp: 0, unix: 0 };
const LEAK = ['--rule', 'CLOSE_WAIT_LEAK', '--set', 'CLOSE_WAIT_LEAK.minAgeMs=1ms'];

const engine = testEngine();

if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else describe('docker: problems of replicas', () => describeProblems(engine));

function describeProblems(docker: TestEngine): void {
  const env = { DOCKER_HOST: docker.endpoint };
  const prefix = docker.uniqueName('problems');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-problems-'));
  const nameOf = (name: string) => `${prefix}-${name}`;
  const cli = (...args: string[]) => socklens(args, env, docker.asMachine);

  /** A service whose process holds connections that their peer has closed. */
  async function start(name: string, closeWait: number, port: number, labels: Record<string, string> = {}) {
    const plan: ParityPlan = { ...NONE, port, closeWait };
    const { pid } = await docker.run({ ...nodeContainer(PROGRAM, plan), name: nameOf(name), labels });
    await until(`${name} to be ready`, () => fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'ready');
  }

  const compose = { 'com.docker.compose.project': prefix, 'com.docker.compose.service': 'receiver' };
  const ecs = (task: string) => ({
    'com.amazonaws.ecs.task-arn': `arn:aws:ecs:eu-west-1:1:task/prod/${task}`,
    'com.amazonaws.ecs.task-definition-family': prefix,
    'com.amazonaws.ecs.container-name': 'worker',
  });
  const all = ['receiver-1', 'receiver-2', 'receiver-3', 'worker-a', 'worker-b', 'alike-1', 'alike-2', 'single'];
  const names = all.map(nameOf);

  beforeAll(async () => {
    await Promise.all([
      start('receiver-1', 12, 7001, compose),
      start('receiver-2', 15, 7001, compose),
      start('receiver-3', 2, 7001, compose),
      start('worker-a', 11, 7002, ecs('aaaa3ab4f9f0')),
      start('worker-b', 11, 7002, ecs('bbbb3ab4f9f0')),
      start('alike-1', 13, 7003),
      start('alike-2', 13, 7003),
      // The same image with another command.
      start('single', 14, 7004),
    ]);
  });
  afterAll(async () => {
    await docker.removeAll();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const places = ({ problems }: Diagnosis) => problems.flatMap((problem) => problem.places);
  /** `2 of 3` for each place, `1 target` for one that is no service. */
  const counted = (found: Diagnosis) =>
    places(found)
      .map(({ replicas, targets }: ProblemPlace) =>
        replicas === undefined ? `${targets.length} target` : `${replicas.affected} of ${replicas.examined}`,
      )
      .sort();
  const EXPECTED = ['1 target', '2 of 2', '2 of 2', '2 of 3'];

  test('each service is one place, by the labels of Compose and of ECS, and by image and command', () => {
    const { status, stdout } = cli('doctor', ...names, '--for', '1s', ...LEAK, '--json');
    expect(status).toBe(1);
    const found = JSON.parse(stdout) as Diagnosis;
    expect(found.findings).toHaveLength(7);
    expect(counted(found)).toEqual(EXPECTED);
    const byName = Object.fromEntries(places(found).map(({ name, targets }) => [name, targets]));
    expect(byName['service receiver']).toEqual([nameOf('receiver-1'), nameOf('receiver-2')]);
    expect(byName[`ECS container ${prefix}/worker`]).toEqual([
      `${prefix}/worker/aaaa3ab4`,
      `${prefix}/worker/bbbb3ab4`,
    ]);
    const receiver = found.problems.find((problem) => problem.places[0]?.name === 'service receiver');
    expect(receiver?.numbers[0]).toMatchObject({ value: '12 to 15' });
    expect(receiver?.verify).toBe(
      `socklens doctor ${nameOf('receiver-1')} ${nameOf('receiver-2')} --rule CLOSE_WAIT_LEAK`,
    );
  });

  test('replicas that are not examined are counted, not judged', () => {
    const examined = [nameOf('receiver-1'), nameOf('receiver-3')];
    const { stdout } = cli('doctor', ...examined, '--for', '1s', ...LEAK);
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      `Where: 1 of 2 replicas of service receiver (${examined[0]}); 1 more not examined`,
    );
  });

  test.each(['', '--redact'])('from a recording %s the problems are the same', (option) => {
    const file = path.join(folder, `incident${option}.slr`);
    const recorded = cli('record', ...names, '--for', '2s', '-o', file, ...(option === '' ? [] : [option]));
    expect(recorded).toMatchObject({ status: 0 });
    const { stdout } = cli('doctor', '--from', file, ...LEAK, '--json');
    expect(counted(JSON.parse(stdout) as Diagnosis)).toEqual(EXPECTED);
    if (option !== '') expect(stdout).not.toContain(prefix);
  });

  test('--redact --report: what is printed and written names nobody', () => {
    const files = ['r.md', 'r.html'].map((name) => path.join(folder, name));
    const reports = files.flatMap((file) => ['--report', file]);
    const { stdout } = cli('doctor', ...names, '--for', '1s', ...LEAK, '--verbose', '--redact', ...reports);
    for (const text of [stdout, ...files.map((file) => fs.readFileSync(file, 'utf8'))]) {
      expect(text).not.toContain(prefix);
      expect(text).not.toMatch(/receiver|worker|alike/);
      expect(text).toContain('2 of 3 replicas of service name');
    }
  });
}
