/** `ls --sort`, `--limit`, and the many entries in TIME_WAIT on a terminal, against `ss`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LAUNCHER, socklens } from '../support/cli.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { Workshop } from '../support/recipes/workshop.ts';
import { TestTerminal } from '../support/terminal.ts';

/** Bytes that nobody reads. */
const UNREAD = [300, 20, 1000, 150];
/** More than a terminal shows. */
const TIME_WAIT = 201;

let netns: TestNetns;
let workshop: Workshop;

/** Counts the lines of an answer of ss. */
function countOf(...args: string[]): number {
  return netns
    .run('ss', '-tanH', ...args)
    .split('\n')
    .filter((line) => line !== '').length;
}

beforeAll(async () => {
  netns = createNetns();
  workshop = await Workshop.start(netns);
  const listener = await workshop.tcpListener('127.0.0.1');
  for (const length of UNREAD) {
    const { client } = await workshop.tcpPair(listener);
    await workshop.send(client, length);
  }
  for (let made = 0; made < TIME_WAIT; made++) {
    const { client, server } = await workshop.tcpPair(listener);
    await workshop.close(client);
    await workshop.close(server);
  }
  await until('TIME_WAIT', () => countOf('state', 'time-wait') === TIME_WAIT);
});
afterAll(async () => {
  await workshop?.stop();
  netns?.remove();
});

const target = () => `netns:${netns.name}`;

interface Listed {
  sockets: { receiveQueue?: number; state: string }[];
  total?: { sockets: number };
}

function list(...args: string[]): Listed {
  const { status, stdout, stderr } = socklens(['ls', target(), '-t', '--json', ...args]);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Listed;
}

/** Receive queues as ss has them, the largest first. */
function queues(): number[] {
  const lines = netns.run('ss', '-tnH', 'state', 'established').trim().split('\n');
  return lines.map((line) => Number(line.split(/\s+/)[0])).sort((a, b) => b - a);
}

describe('ls: order', () => {
  it('--sort recv-q: as ss, the largest first; --reverse the other way', () => {
    const sorted = list('--sort', 'recv-q', 'state established').sockets.map(({ receiveQueue }) => receiveQueue);
    expect(sorted).toEqual(queues());
    expect(sorted.slice(0, UNREAD.length)).toEqual([...UNREAD].sort((a, b) => b - a));
    const reversed = list('--sort', 'recv-q', '--reverse', 'state established').sockets;
    expect(reversed.map(({ receiveQueue }) => receiveQueue)).toEqual(queues().reverse());
  });

  it('--limit: the first of them, and the number of all; text, JSON and NDJSON', () => {
    const limited = list('--sort', 'recv-q', '--limit', '2');
    expect(limited.sockets.map(({ receiveQueue }) => receiveQueue)).toEqual([1000, 300]);
    expect(limited.total).toEqual({ sockets: countOf() });
    expect(list().total).toBeUndefined();
    const { stdout } = socklens(['ls', target(), '-t', '--sort', 'recv-q', '--limit', '2']);
    expect(stdout.trimEnd().split('\n')).toHaveLength(4);
    expect(stdout).toContain(`and ${countOf() - 2} more sockets (--limit 2)`);
    const lines = socklens(['ls', target(), '-t', '--limit', '2', '--ndjson']).stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).type)).toEqual(['target', 'socket', 'socket', 'total']);
  });

  it('--sort rtt asks the kernel for its measurements', () => {
    const times = netns.run('ss', '-tinOH', 'state', 'established').match(/\brtt:[\d.]+/g) ?? [];
    const slowest = Math.max(...times.map((text) => Number(text.slice('rtt:'.length))));
    const [first] = list('--sort', 'rtt', 'state established').sockets as { tcpInfo?: { rttUs?: number } }[];
    expect((first?.tcpInfo?.rttUs ?? 0) / 1000).toBeCloseTo(slowest, 2);
  });

  it.each([
    [['--sort', 'recvq'], 'unknown order "recvq"; did you mean recv-q?'],
    [['--sort', 'count'], '--sort count needs groups (--by KEY,KEY)'],
    [['--by', 'state', '--sort', 'recv-q'], '--sort recv-q: not a key of --by state'],
    [['--reverse'], '--reverse needs --sort KEY'],
    [['--limit', '0'], '--limit: "0" is not a positive whole number'],
  ])('%j is status 2', (args, message) => {
    const { status, stderr } = socklens(['ls', target(), ...args]);
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('groups: --limit and --reverse too', () => {
    const { stdout } = socklens([
      'ls',
      target(),
      '-t',
      '--by',
      'state',
      '--reverse',
      '--sort',
      'count',
      '--limit',
      '1',
      '--json',
    ]);
    expect(JSON.parse(stdout).groups).toEqual([{ key: { state: 'LISTEN' }, count: 1 }]);
  });
});

it('a terminal sums up many entries in TIME_WAIT and says how to see them; a pipe and -a have them all', async () => {
  const inTable = (text: string) => text.split('\n').filter((line) => /^tcp .*TIME_WAIT/.test(line)).length;
  expect(inTable(socklens(['ls', target(), '-tn']).stdout)).toBe(TIME_WAIT);
  const terminal = await TestTerminal.start({ columns: 120, rows: 40 });
  try {
    terminal.run(`clear; ${LAUNCHER} ls ${target()} -tn`);
    const lines = await terminal.until('the sum', (shown) => shown.some((line) => line.includes('in TIME_WAIT')));
    expect(lines).toContain(
      `${TIME_WAIT} connections in TIME_WAIT are not listed; -a and the filter 'state time-wait' list them`,
    );
    expect(inTable(lines.join('\n'))).toBe(0);
    expect(lines.filter((line) => /^tcp .*ESTABLISHED/.test(line))).toHaveLength(2 * UNREAD.length);
    // The end of a long list stays on the screen.
    terminal.run(`clear; ${LAUNCHER} ls ${target()} -tna 'state time-wait or not state time-wait'; echo done`);
    await terminal.until('the end', (shown) => shown.includes('done'));
    expect(inTable(terminal.lines().join('\n'))).toBeGreaterThan(0);
  } finally {
    terminal.close();
  }
});
