/**
 * Every verb gives the same counts for the same target: of a namespace of one container, of one that three share, of
 * the host's network, and of one without processes. Against what the set-up made, and `ss`.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { type RunningContainer, type TestEngine, testEngine } from '../support/engine.ts';
import { createNetns, until } from '../support/netns.ts';
import { countsOfRecording, countsOfVerbs, type ParityMachine, recordingOf } from '../support/parity-run.ts';
import { nodeContainer } from '../support/recipes/node-container.ts';
import { type Counts, ownCounts, type ParityPlan, sum, withoutZeros } from '../support/recipes/parity.ts';

const PROGRAM = path.resolve(import.meta.dirname, '../support/recipes/parity-main.ts');
const TIME_WAITS = path.resolve(import.meta.dirname, '../support/recipes/churn-main.ts');

const PLAN: ParityPlan = {
  port: 7001,
  established: 3,
  closeWait: 2,
  serverTimeWait: 4,
  clientTimeWait: 0,
  udp: 2,
  unix: 2,
};

/** `ss` calls states by other names than netstat. */
const STATES: Record<string, string> = {
  ESTAB: 'ESTABLISHED',
  'CLOSE-WAIT': 'CLOSE_WAIT',
  'FIN-WAIT-2': 'FIN_WAIT2',
  'TIME-WAIT': 'TIME_WAIT',
  'SYN-SENT': 'SYN_SENT',
  'SYN-RECV': 'SYN_RECV',
};

function inNetns(pid: number, program: string, ...args: string[]): string {
  return execFileSync('nsenter', ['-t', String(pid), '-n', program, ...args], { encoding: 'utf8' });
}

/** What `ss` counts in a whole namespace. */
function ssCounts(list: (...args: string[]) => string): Counts {
  const lines = (...args: string[]) =>
    list(...args)
      .split('\n')
      .filter((line) => line !== '');
  const states = lines('-tanH').map((line) => line.split(/\s+/)[0] ?? '');
  const tcp = Map.groupBy(states, (state) => STATES[state] ?? state);
  const counts = [...tcp].map(([state, all]) => [state, all.length] as const);
  return withoutZeros({ ...Object.fromEntries(counts), udp: lines('-uanH').length });
}

/** The verbs that count something else than expected. */
function differing(counts: Record<string, Counts>, expected: Counts): Record<string, Counts> {
  const { udp, ...tcp } = expected;
  void udp;
  return Object.fromEntries(
    Object.entries(counts).filter(([verb, found]) => {
      const wanted = verb.startsWith('watch')
        ? tcp
        : verb.startsWith('doctor')
          ? withoutZeros({ CLOSE_WAIT: expected.CLOSE_WAIT ?? 0 })
          : expected;
      return JSON.stringify(Object.entries(found).sort()) !== JSON.stringify(Object.entries(wanted).sort());
    }),
  );
}

test('parity: a namespace without processes', async () => {
  using netns = createNetns();
  const child = netns.spawnNode(TIME_WAITS, ['5', '1'], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin?.write('\n');
  await once(child, 'close');
  const expected = { TIME_WAIT: 5 };
  await until('TIME_WAIT', () => ssCounts((...args) => netns.run('ss', ...args)).TIME_WAIT === 5);
  const machine = { env: { DOCKER_HOST: 'unix:///nonexistent' }, prefix: [] };
  const name = `netns:${netns.name}`;
  expect(differing(await countsOfVerbs(machine, name, [name]), expected)).toEqual({});
});

const engine = testEngine();

if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else describe('docker: parity', () => describeParity(engine));

function describeParity(docker: TestEngine): void {
  const machine: ParityMachine = { env: { DOCKER_HOST: docker.endpoint }, prefix: docker.asMachine };

  afterEach(() => docker.removeAll());
  afterAll(() => docker.removeAll());

  /** Starts the program of a plan in a container, up to the sockets that last. */
  async function start(plan: ParityPlan, network?: string): Promise<RunningContainer> {
    const container = await docker.run({
      ...nodeContainer(PROGRAM, plan),
      ...(network !== undefined && { network }),
    });
    await said(container, 'ready');
    return container;
  }

  /** The program says how far it is by its name. */
  async function said({ name, pid }: RunningContainer, word: string): Promise<void> {
    await until(`${name} to be ${word}`, () => fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === word);
  }

  /** Makes the sockets that do not last. */
  async function complete(containers: readonly RunningContainer[]): Promise<void> {
    for (const { id } of containers) await docker.ask('POST', `/containers/${id}/kill?signal=USR2`);
    for (const container of containers) await said(container, 'done');
  }

  /** Has the answers to every SYN for a port dropped: its entries stay half-open. */
  function dropAnswers(pid: number, port: number): void {
    const match = ['-p', 'tcp', '--sport', String(port), '--tcp-flags', 'SYN,ACK', 'SYN,ACK'];
    inNetns(pid, 'iptables', '-w', '20', '-A', 'INPUT', ...match, '-j', 'DROP');
  }

  test('a container alone: everything is its own', async () => {
    const plan = { ...PLAN, clientTimeWait: 3, halfOpenPort: 7009 };
    const only = await start(plan);
    dropAnswers(only.pid, plan.halfOpenPort);
    await complete([only]);
    const expected = sum(ownCounts(plan), { TIME_WAIT: 3 });
    await until(
      'the sockets',
      () => differing({ ss: ssCounts((...args) => inNetns(only.pid, 'ss', ...args)) }, expected).ss === undefined,
    );
    expect(differing(await countsOfVerbs(machine, only.name, [only.name]), expected)).toEqual({});
  });

  test('three containers in one namespace: each has its own, what nothing shows to be theirs is a row of its own', async () => {
    const plans = [
      { ...PLAN, clientTimeWait: 3, halfOpenPort: 7009 },
      { ...PLAN, port: 7002, established: 5, closeWait: 1, serverTimeWait: 2, udp: 1 },
      { ...PLAN, port: 7003, established: 1, closeWait: 0, serverTimeWait: 0, udp: 0, unix: 0 },
    ] as const;
    const [a, b, c] = plans;
    const first = await start(a);
    dropAnswers(first.pid, a.halfOpenPort);
    const second = await start(b, `container:${first.name}`);
    const third = await start(c, `container:${first.name}`);
    await complete([first, second, third]);
    const shared = { TIME_WAIT: a.clientTimeWait };
    const whole = sum(ownCounts(a), ownCounts(b), ownCounts(c), shared);
    await until(
      'the sockets',
      () => differing({ ss: ssCounts((...args) => inNetns(first.pid, 'ss', ...args)) }, whole).ss === undefined,
    );
    const sharedRow = `shared: ${[first, second, third]
      .map(({ name }) => name)
      .sort()
      .join(' + ')}`;
    const names = [first, second, third].map(({ name }) => name);
    const [ofFirst, ofSecond, ofThird, ofAll, full, summary] = await Promise.all([
      countsOfVerbs(machine, first.name, [first.name]),
      countsOfVerbs(machine, second.name, [second.name]),
      countsOfVerbs(machine, third.name, [third.name]),
      countsOfVerbs(machine, names.join(','), [...names, sharedRow]),
      recordingOf(machine, names.join(','), '--full'),
      recordingOf(machine, names.join(','), '--summary'),
    ]);
    expect(differing(ofFirst, ownCounts(a))).toEqual({});
    expect(differing(ofSecond, ownCounts(b))).toEqual({});
    expect(differing(ofThird, ownCounts(c))).toEqual({});
    expect(differing(ofAll, whole)).toEqual({});
    // One container out of a recording of all of them.
    for (const [file, isSummary] of [
      [full, false],
      [summary, true],
    ] as const) {
      for (const [{ name }, plan] of [
        [first, a],
        [second, b],
      ] as const) {
        const counts = await countsOfRecording(machine, file, name, [name]);
        // Where nothing moves a summary has one snapshot, which shows no time in a state to judge.
        if (isSummary) delete counts['doctor --from'];
        expect(differing(counts, ownCounts(plan))).toEqual({});
      }
    }
  });

  test("a container on the host's network: its own, and nothing of the host's", async () => {
    const plan = { ...PLAN, port: 7101, clientTimeWait: 3 };
    const onHost = await start(plan, 'host');
    const neighbour = await start({ ...PLAN, port: 7102, established: 4 }, 'host');
    await complete([onHost, neighbour]);
    const expected = ownCounts(plan);
    expect(differing(await countsOfVerbs(machine, onHost.name, [onHost.name]), expected)).toEqual({});
  });
}
