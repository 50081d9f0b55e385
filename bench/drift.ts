import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import readline from 'node:readline';
import { createNetns, type TestNetns, until } from '../test/support/netns.ts';
import { environment, SOCKLENS } from './command.ts';
import type { Result } from './comparison.ts';

const RATE = 1500;
/** As many as a service's pool, open all the time. */
const HELD = 100;
/** Share of all events that may be missing without a report. */
const UNCOUNTED = 1e-5;
const MINUTES = Number(process.env.SOCKLENS_BENCH_MINUTES ?? 15);
const GENERATOR = path.resolve(import.meta.dirname, '../test/support/recipes/churn-main.ts');
const HOLD = `
import socket, sys
listener = socket.socket(); listener.bind(('127.0.0.1', 8080)); listener.listen(${HELD})
held = []
for _ in range(${HELD}):
    client = socket.create_connection(('127.0.0.1', 8080))
    held += [client, listener.accept()[0]]
print('ready', flush=True)
sys.stdin.read()`;
/** Lines of `ss -tanH` that are no connection. */
const NO_CONNECTION = /^(LISTEN|TIME-WAIT)\b/;

/** What a line of `--ndjson` has. */
interface Line {
  type: string;
  event?: string;
  at?: string;
  total?: number;
  opensPerSecond?: number;
  closesPerSecond?: number;
  lostEvents?: number;
  groups?: { key: { 'peer-port'?: number }; count: number; peak?: number }[];
}

/**
 * Connections of 15 minutes at 1,500 a second, beside some that stay open: at the end `watch` counts from events what ss
 * shows.
 */
export async function driftOfEvents(): Promise<Result> {
  const netns = createNetns();
  const title = `${RATE} connections a second for ${MINUTES} minutes beside ${HELD} that stay: drift`;
  try {
    const holder = netns.spawn('python3', ['-c', HOLD], { stdio: ['pipe', 'pipe', 'inherit'] });
    await ready(holder.stdout);
    const generator = netns.spawnNode(GENERATOR, [String(RATE), String(MINUTES * 60)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let said = '';
    generator.stdout?.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    await until('the generator', () => said.includes('ready'));
    const events = await follow(['events', `netns:${netns.name}`, '--tcp', '--ndjson', '--opened', '--closed']);
    const by = ['--by', 'peer-port', '--interval', '1s'];
    const watch = await follow(['watch', `netns:${netns.name}`, '-tn', '--ndjson', ...by]);
    await until('samples', () => watch.samples > 1);
    await until('the receiver', () => / 0000000a /.test(netns.run('cat', '/proc/net/netlink')));
    generator.stdin?.write('\n');
    await once(generator, 'exit');
    const made = Number(/^(\d+) [\d.]+$/m.exec(said)?.[1]);
    // Two ticks after the end hold nothing of the load.
    const last = watch.samples;
    await until('two later samples', () => watch.samples > last + 2);
    const shown = connectionsBySs(netns);
    const { groups = [] } = watch.last ?? {};
    const counted = groups.reduce((sum, { peak = 0 }) => sum + peak, 0);
    const counts = ['opened', 'established', 'closed'].map((event) => events.counts.get(event) ?? 0);
    await Promise.all([events.stop(), watch.stop()]);
    holder.kill();
    const missing = 5 * made - counts.reduce((sum, count) => sum + count, 0) - events.lost;
    // The kernel passes a few ends by the tracepoint and counts them nowhere; more than was made is a fault of ours.
    if (missing < 0 || missing > 5 * made * UNCOUNTED)
      throw new Error(`${missing} events are missing and not reported`);
    return {
      title,
      value: Math.abs(counted - shown),
      unit: 'connections',
      bar: 0,
      remarks: [
        `made ${made}; opened ${counts[0]}, established ${counts[1]}, closed ${counts[2]}; missing ${missing + events.lost}, of which reported as lost ${events.lost}, and ${events.gapsWithoutNumber} times an unknown number`,
        `at the end ss shows ${shown} connections, watch counts ${counted}`,
      ],
    };
  } finally {
    netns.remove();
  }
}

function connectionsBySs(netns: TestNetns): number {
  const lines = netns.run('ss', '-tanH').split('\n');
  return lines.filter((line) => line.trim() !== '' && !NO_CONNECTION.test(line)).length;
}

async function ready(stdout: NodeJS.ReadableStream | null): Promise<void> {
  if (stdout !== null) await once(stdout, 'data');
}

/** What a command that runs on has printed. */
interface Followed {
  /** Lines of connections by their event. */
  counts: ReadonlyMap<string, number>;
  lost: number;
  /** Times when the kernel left a program out: how many events are missing is not known. */
  gapsWithoutNumber: number;
  samples: number;
  last: Line | undefined;
  stop(): Promise<unknown>;
}

/** Starts a command; its lines are counted and not kept. */
async function follow(args: readonly string[]): Promise<Followed> {
  const child = spawn(SOCKLENS, args, { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
  const counts = new Map<string, number>();
  const followed = {
    counts,
    lost: 0,
    gapsWithoutNumber: 0,
    samples: 0,
    last: undefined as Line | undefined,
    stop: async () => {
      const closed = once(child, 'close');
      child.kill('SIGINT');
      return closed;
    },
  };
  readline.createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as Line;
    if (line.type === 'connection') counts.set(line.event ?? '', (counts.get(line.event ?? '') ?? 0) + 1);
    if (line.type === 'gap') followed.lost += line.lostEvents ?? 0;
    if (line.type === 'gap' && line.lostEvents === undefined) followed.gapsWithoutNumber++;
    if (line.type !== 'sample') return;
    followed.samples++;
    followed.last = line;
  });
  await once(child, 'spawn');
  return followed;
}
