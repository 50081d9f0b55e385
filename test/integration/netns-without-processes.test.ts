/** What is counted in a namespace whose processes have exited: it has no `/proc/PID/net/sockstat`. Against `ss`. */
import { once } from 'node:events';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import type { Group } from '../../src/model/report/group.ts';
import { everySocket } from '../../src/model/socket/socket-query.ts';
import { NetnsRows } from '../../src/queries/rows/netns-rows.ts';
import { Sampler } from '../../src/sources/live/sampler.ts';
import { Guard } from '../support/guard.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { commandJson, commandOutput, RecordingRun, temporaryFolder } from '../support/recording-run.ts';
import { countIn, WatchRun } from '../support/watch-run.ts';

const GENERATOR = path.resolve(import.meta.dirname, '../support/recipes/churn-main.ts');
const MADE = 7;

let netns: TestNetns;
let target: string;

const inState = (groups: readonly Group[], state: string) => groups.find(({ key }) => key.state === state)?.count ?? 0;
const ssCount = () => netns.run('ss', '-tanH', 'state', 'time-wait').trim().split('\n').length;

beforeEach(async () => {
  netns = createNetns();
  target = `netns:${netns.name}`;
  const child = netns.spawnNode(GENERATOR, [String(MADE), '1'], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin?.write('\n');
  await once(child, 'close');
  await until('TIME_WAIT', () => ssCount() === MADE);
});
afterEach(() => netns?.remove());

// Entries stay for 60 seconds: each test has those of its own.
describe('TIME_WAIT of a namespace without processes', () => {
  it('watch: live, in the foreground', async () => {
    const run = new WatchRun([target, '--ndjson', '--interval', '100ms', '-t']);
    const sample = await run.nextSample(target);
    expect(await run.stop()).toBe(0);
    expect([countIn(sample, 'state', 'TIME_WAIT'), sample.total]).toEqual([MADE, MADE]);
  });

  it('top: in the background', async () => {
    const source = await Sampler.start(localMachine({}), target, {
      intervalMs: 100,
      events: false,
      names: false,
      host: false,
    });
    try {
      const tick = await source.next({
        isForeground: () => false,
        query: everySocket,
        processes: 'no',
        allCounters: false,
      });
      const [namespace] = tick?.namespaces ?? [];
      if (tick === undefined || namespace === undefined) throw new Error('no tick');
      const [row] = new NetnsRows().rows(namespace, tick, undefined);
      expect([row?.byState, row?.total]).toEqual([{ TIME_WAIT: MADE }, MADE]);
    } finally {
      source.close();
    }
  });

  it('record --summary: watch, ls and ps read it from the recording', async () => {
    const file = path.join(temporaryFolder(), 'summary.slr');
    const run = await RecordingRun.start(target, file, '--summary', '--interval', '100ms');
    await run.samples(3);
    expect(await run.stop()).toBe(0);
    const { stdout } = commandOutput('watch', '--from', file, '--speed', 'max', '--ndjson', '-t');
    const samples = stdout.split('\n').filter((line) => line.startsWith('{"type":"sample"'));
    expect(samples.length).toBeGreaterThan(1);
    for (const line of samples) expect(inState(JSON.parse(line).groups, 'TIME_WAIT')).toBe(MADE);
    expect(inState(commandJson<{ groups: Group[] }>('ls', '--from', file, '--by', 'state').groups, 'TIME_WAIT')).toBe(
      MADE,
    );
    const [row] = commandJson<{ containers: { sockets: { byState: unknown } }[] }>('ps', '--from', file).containers;
    expect(row?.sockets.byState).toEqual({ TIME_WAIT: MADE });
  });

  it('doctor: TIME_WAIT_PILEUP counts them', () => {
    const { stdout } = commandOutput('doctor', target, '--for', '1s', '--set', 'TIME_WAIT_PILEUP.info=1', '--json');
    const { findings } = JSON.parse(Buffer.from(stdout, 'latin1').toString()) as {
      findings: { rule: string; evidence: { what: string; value: unknown }[] }[];
    };
    const evidence = findings.find(({ rule }) => rule === 'TIME_WAIT_PILEUP')?.evidence;
    expect(evidence?.find(({ what }) => what === 'TIME_WAIT entries')?.value).toBe(MADE);
  });

  it('guard: a budget counts them', async () => {
    const guard = await Guard.start(target, ['--budget', `state time-wait <= ${MADE - 1}`]);
    await guard.samples(2);
    guard.go();
    const { status, report } = await guard.end();
    expect(status).toBe(1);
    expect(report?.budgets[0]).toMatchObject({ worst: { value: MADE } });
  });
});
