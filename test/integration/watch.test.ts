/** `socklens watch` in namespaces: its counts against the test's sockets, and its exit. */
import { once } from 'node:events';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import { watch } from '../../src/commands/watch/watch.ts';
import { socklens } from '../support/cli.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { V4 } from '../support/recipes/recipe-context.ts';
import { Workshop } from '../support/recipes/workshop.ts';
import { unseenAtMost } from '../support/unseen-ends.ts';
import { countIn, type WatchObject, WatchRun } from '../support/watch-run.ts';

const GENERATOR = path.resolve(import.meta.dirname, '../support/recipes/churn-main.ts');

let netns: TestNetns;
let workshop: Workshop;
let target: string;

beforeEach(async () => {
  netns = createNetns();
  target = `netns:${netns.name}`;
  workshop = await Workshop.start(netns);
});
afterEach(async () => {
  await workshop?.stop();
  netns?.remove();
});

/** Makes connections that end at once. @returns how many */
async function churn(rate: number, seconds: number, ready: () => Promise<unknown> = async () => {}): Promise<number> {
  const child = netns.spawnNode(GENERATOR, [String(rate), String(seconds)], { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  await until('the generator', () => said.includes('ready'));
  await ready();
  child.stdin?.write('\n');
  await once(child, 'close');
  return Number(/^(\d+) /m.exec(said)?.[1]);
}

/** Number of connections that the rates of a run add up to. */
function sum(samples: readonly WatchObject[], key: 'opensPerSecond' | 'closesPerSecond'): number {
  let total = 0;
  samples.forEach((sample, index) => {
    const before = samples[index - 1];
    if (before === undefined) return;
    const seconds = (Date.parse(sample.at ?? '') - Date.parse(before.at ?? '')) / 1000;
    total += (sample[key] ?? 0) * seconds;
  });
  return total;
}

describe('watch: counts', () => {
  it('by state, with their change, as the test makes and closes them', async () => {
    const listener = await workshop.tcpListener(V4);
    const run = new WatchRun([target, '--ndjson', '--interval', '100ms', '-t']);
    await run.nextSample(target, (sample) => sample.total === 1);
    const pairs = [await workshop.tcpPair(listener), await workshop.tcpPair(listener)];
    await run.nextSample(target, (sample) => countIn(sample, 'state', 'ESTABLISHED') === 4);
    for (const { client } of pairs) await workshop.close(client);
    await run.nextSample(target, (sample) => countIn(sample, 'state', 'CLOSE_WAIT') === 2);
    for (const { server } of pairs) await workshop.close(server);
    // Beside them the listener alone: a connection may be seen in the middle of its end.
    await run.nextSample(target, (sample) => countIn(sample, 'state', 'TIME_WAIT') === 2 && sample.total === 3);
    expect(await run.stop()).toBe(0);
    const changes = run.samplesOf(target).reduce((total, { change }) => total + (change ?? 0), 0);
    expect(changes).toBe(3 - (run.samplesOf(target)[0]?.total ?? 0));
    expect(run.objects.at(-1)).toMatchObject({
      type: 'summary',
      targets: [{ target, peak: 5, last: 3, samples: run.samplesOf(target).length }],
    });
  });

  it('a socket in TIME_WAIT is counted for its last process', async () => {
    const listener = await workshop.tcpListener(V4);
    const pair = await workshop.tcpPair(listener);
    const run = new WatchRun([target, '--ndjson', '--interval', '100ms', '-t', '--by', 'process,state']);
    const process = (sample: WatchObject, state: string) =>
      sample.groups?.find(({ key }) => key.state === state)?.key.process;
    const before = await run.nextSample(target, (sample) => process(sample, 'ESTABLISHED') !== undefined);
    await workshop.close(pair.client);
    await workshop.close(pair.server);
    const after = await run.nextSample(target, (sample) => process(sample, 'TIME_WAIT') !== undefined);
    expect(process(after, 'TIME_WAIT')).toBe(process(before, 'ESTABLISHED'));
    expect(process(after, 'TIME_WAIT')).toMatch(new RegExp(`^${workshop.pid}/`));
    await run.stop();
  });

  it('opens and closes a second match a generator, with and without a filter', async () => {
    const all = new WatchRun([target, '--ndjson', '--interval', '200ms', '-t']);
    const some = new WatchRun([target, 'dst 127.0.1.0/24', '--ndjson', '--interval', '200ms', '-t']);
    const runs = [all, some];
    const made = await churn(500, 2, () =>
      Promise.all(runs.map((run) => until('the first sample', () => run.samplesOf(target).length > 1))),
    );
    for (const [run, wanted] of [
      [all, made * 2],
      [some, made],
    ] as const) {
      // Some ends the kernel shows to no program.
      const least = { closesPerSecond: wanted - unseenAtMost(wanted), opensPerSecond: wanted };
      // On a busy machine the events are read some samples later.
      await until('every close', () => {
        return sum(run.samplesOf(target), 'closesPerSecond') > least.closesPerSecond - allowance(run);
      });
      await run.nextSample(target);
      expect(await run.stop()).toBe(0);
      const samples = run.samplesOf(target);
      for (const key of ['closesPerSecond', 'opensPerSecond'] as const) {
        expect(sum(samples, key)).toBeLessThan(wanted + allowance(run));
        expect(sum(samples, key)).toBeGreaterThan(least[key] - allowance(run));
      }
    }
  });

  /** Error of the rounding of rates to a tenth over a run, plus one. */
  function allowance(run: WatchRun): number {
    const samples = run.samplesOf(target);
    const [from = 0, to = 0] = [samples[0], samples.at(-1)].map((sample) => Date.parse(sample?.at ?? ''));
    return (0.1 * (to - from)) / 1000 + 1;
  }

  it('without events: no closes, and no opens with a filter', async () => {
    const run = new WatchRun([target, 'state all', '--ndjson', '--interval', '100ms', '--no-events']);
    await until('some samples', () => run.samplesOf(target).length > 2);
    expect(await run.stop()).toBe(0);
    const samples = run.samplesOf(target);
    for (const sample of samples) expect(sample).not.toHaveProperty('closesPerSecond');
  });

  it('a buffer that is too small: gaps and lower bounds, and counts that are right again', async () => {
    const stop = new AbortController();
    let written = '';
    const write = (text: string | Uint8Array) => {
      written += typeof text === 'string' ? text : Buffer.from(text).toString();
    };
    const output = { columns: undefined, write };
    const objects = () =>
      written
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as WatchObject);
    const samples = () => objects().filter(({ type }) => type === 'sample');
    let flow: Promise<void> | undefined;
    try {
      const made = await churn(20_000, 1, async () => {
        flow = watch(
          {
            machine: localMachine({ DOCKER_HOST: 'unix:///nonexistent' }),
            out: output,
            err: output,
            stopSignal: () => stop.signal,
          },
          {
            target,
            filter: '',
            asSs: false,
            protos: ['tcp'],
            numeric: true,
            by: ['state'],
            format: 'ndjson',
            // A buffer for about 50 events; many more occur between two reads.
            intervalMs: 200,
            forMs: undefined,
            events: true,
            eventBufferBytes: 64 * 1024,
          },
        );
        await until('a sample', () => samples().length > 1);
      });
      const gaps = () => objects().filter(({ type }) => type === 'gap');
      await until('a gap', () => gaps().length > 0);
      for (const gap of gaps()) {
        expect(gap).toMatchObject({ target, reason: expect.stringContaining('buffer') });
        expect(Date.parse(gap.to ?? '')).toBeGreaterThan(Date.parse(gap.from ?? ''));
      }
      const lossy = samples().filter(({ lostEvents }) => lostEvents !== undefined);
      expect(lossy).toHaveLength(gaps().length);
      expect(sum(samples(), 'closesPerSecond')).toBeLessThan(made * 2);
      // The kernel counts all connections.
      await until('all that was made', () => Math.abs(sum(samples(), 'opensPerSecond') - made * 2) < 10);
      // The current sockets match ss, too.
      const listener = await workshop.tcpListener(V4);
      for (let index = 0; index < 5; index++) await workshop.tcpPair(listener);
      const seen = samples().length;
      // An end that was lost may be told once more, when its socket is used again.
      await until('ten that live, and nothing lost', () =>
        samples()
          .slice(seen)
          .some((s) => countIn(s, 'state', 'ESTABLISHED') === 10 && s.lostEvents === undefined),
      );
      expect(netns.run('ss', '-Htn', 'state', 'established').trim().split('\n')).toHaveLength(10);
      stop.abort();
      await flow;
      expect(objects().at(-1)).toMatchObject({ type: 'summary', gaps: gaps().length });
    } finally {
      stop.abort();
      await flow;
    }
  });
});

describe('watch: targets', () => {
  it('several: rows in the order that they were asked for, at every tick', async () => {
    const other = createNetns();
    try {
      const names = [`netns:${other.name}`, target];
      const run = new WatchRun([names.join(','), '--ndjson', '--interval', '100ms']);
      await until('some ticks', () => run.samplesOf(target).length > 4);
      expect(await run.stop()).toBe(0);
      const rows = run.objects.filter(({ type }) => type === 'sample').map((sample) => sample.target);
      rows.forEach((name, index) => {
        expect(name).toBe(names[index % 2]);
      });
    } finally {
      other.remove();
    }
  });

  it('a stopped target is reported, and one that starts again', async () => {
    const child = netns.spawn('sleep', ['1000000']);
    await until('the process', () => netns.run('ip', 'netns', 'identify', String(child.pid)).includes(netns.name));
    const gone = createNetns();
    const names = [target, `netns:${gone.name}`];
    const run = new WatchRun([names.join(','), '--ndjson', '--interval', '200ms']);
    await run.nextSample(`netns:${gone.name}`);
    gone.remove();
    await run.note(/netns:.*: stopped$/);
    await run.nextSample(target);
    expect(await run.stop()).toBe(0);
    child.kill('SIGKILL');
  });

  it('all, where there is no container: it says so and goes on', async () => {
    const run = new WatchRun(['all', '--ndjson', '--interval', '100ms', '--for', '600ms'], {
      DOCKER_HOST: 'unix:///nonexistent',
    });
    expect(await run.exited()).toBe(0);
    const own = run.objects.filter(({ type }) => type === 'sample');
    // Containers of other tests show by their cgroups.
    if (own.length === 0) expect(run.notes).toContain('no container is running; waiting for one to start');
    expect(run.objects.at(-1)?.type).toBe('summary');
  });

  it('one that is not there at the beginning is an error', () => {
    const { status, stderr } = socklens(['watch', 'netns:sltest-none'], { DOCKER_HOST: 'unix:///nonexistent' });
    expect(status).toBe(3);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe('watch: output and exit', () => {
  it('text: the usual states have columns from the start, one header, a summary', async () => {
    const listener = await workshop.tcpListener(V4);
    const run = new WatchRun([target, '--interval', '100ms', '-t']);
    await until('a line', () => run.stdout.split('\n').length > 3);
    const { client } = await workshop.tcpPair(listener);
    await workshop.close(client);
    await until('a CLOSE_WAIT', () => / \d+ \+1 /.test(run.stdout));
    expect(await run.stop()).toBe(0);
    const lines = run.stdout.trimEnd().split('\n');
    // Another state makes another header, such as FIN_WAIT2 and, while a busy machine opens or closes a connection, those on
    // its way; the usual ones make none.
    const headers = lines.filter((line) => line.startsWith('Time')).map((line) => line.split(/ +/));
    headers.slice(1).forEach((header, index) => {
      const added = header.filter((column) => !headers[index]?.includes(column));
      expect(added).not.toEqual([]);
      for (const state of added) expect(state).toMatch(/^(SYN_|FIN_WAIT|LAST_ACK|CLOSING)/);
    });
    expect(lines[0]).toMatch(
      /Sockets +ESTABLISHED +LISTEN +TIME_WAIT +CLOSE_WAIT +Opens\/s +Fails\/s +Closes\/s +Descriptors/,
    );
    expect(lines.at(-1)).toMatch(/^netns:\S+: \d+ samples, peak \d+ sockets at [\d:.]+ \(sampled\), \d+ at the end$/);
    expect(run.stdout).not.toContain('\u001b');
    expect(run.stderr).toBe('');
  });

  it('exits silently when its pipe is closed', async () => {
    const run = new WatchRun([target, '--interval', '100ms']);
    await until('a line', () => run.stdout.includes('\n'));
    run.closePipe();
    expect(await run.exited()).toBe(0);
    expect(run.stderr).toBe('');
  });
});
