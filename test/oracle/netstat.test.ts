/** `socklens netstat` against the real netstat, on sockets in every state and family, over many mixes of flags. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LAUNCHER, socklens, sortedLines } from '../support/cli.ts';
import { connectNetns, createNetns, type TestNetns } from '../support/netns.ts';
import { mptcp, raw, udpConnected, udpUnconnected, udpUnread } from '../support/recipes/other-protocols.ts';
import { everyTcpState } from '../support/recipes/tcp-states.ts';
import { bindAll, connected, embryo, hostileNames, manyHostile } from '../support/recipes/unix-sockets.ts';
import { Workshop } from '../support/recipes/workshop.ts';

let netns: TestNetns;
let far: TestNetns;
let folder: string;

beforeAll(async () => {
  netns = createNetns();
  far = createNetns();
  connectNetns(
    { netns, addresses: ['10.77.1.1/24', '2001:db8:1234:5678:9abc:def0:1111:2222/64'] },
    { netns: far, addresses: ['10.77.1.2/24', '2001:db8:1234:5678:9abc:def0:3333:4444/64'] },
  );
  const workshop = await Workshop.start(netns);
  const context = { netns, workshop };
  await everyTcpState(context);
  for (const host of ['127.0.0.1', '::1']) {
    await udpUnconnected(context, host);
    await udpConnected(context, host);
  }
  await udpUnread(context);
  await raw(context);
  if (fs.existsSync('/proc/sys/net/mptcp/enabled')) await mptcp(context);
  // Long addresses, which the original cuts, and ports that /etc/services has names for.
  await workshop.tcpListener('2001:db8:1234:5678:9abc:def0:1111:2222', 8080);
  await workshop.tcpListener('10.77.1.1', 3306);
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netstat-'));
  await bindAll(workshop, hostileNames(folder));
  await connected(workshop, folder);
  await embryo(workshop, folder);
});

afterAll(() => {
  netns?.remove();
  far?.remove();
  if (folder) fs.rmSync(folder, { recursive: true, force: true });
});

/** Output of the real program; DNS is unreachable in the namespace. */
function real(flags: readonly string[], where = netns): string {
  const { status, stdout, stderr } = spawnSync('nsenter', [`--net=${where.path}`, 'netstat', ...flags], {
    encoding: 'latin1',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`netstat ${flags.join(' ')}: ${stderr}`);
  return stdout;
}

/** Only the digits of a running timer change between two runs. */
function withoutSeconds(text: string): string[] {
  return sortedLines(text.replace(/\(\d+\.\d\d\//g, '(S/'));
}

/** Both programs on a state of the namespace that did not change meanwhile. */
function compare(flags: readonly string[], where = netns): void {
  for (let round = 0; ; round++) {
    const before = withoutSeconds(real(flags, where));
    const ours = socklens(['netstat', `netns:${where.name}`, ...flags]);
    const after = withoutSeconds(real(flags, where));
    // A retransmission or an expiry in between makes the outputs differ: both run again.
    if (before.join('\n') !== after.join('\n') && round < 20) continue;
    expect(ours.stderr.replaceAll('warning, got bogus unix line.\n', '')).toBe('');
    expect(withoutSeconds(ours.stdout)).toEqual(after);
    expect(ours.status).toBe(0);
    return;
  }
}

const FIXED = [
  [],
  ...['-a', '-l', '-t', '-u', '-w', '-x', '-n', '-p', '-e', '-o', '-W', '-4', '-6', '-U', '-v', '-N'].map((flag) => [
    flag,
  ]),
  ...['--all', '--listening', '--tcp', '--udp', '--raw', '--unix', '--numeric', '--programs', '--extend'].map(
    (flag) => ['-a', flag],
  ),
  ...['--timers', '--wide', '--inet', '--inet6', '--numeric-hosts', '--numeric-ports', '--numeric-users'].map(
    (flag) => ['-a', '-e', flag],
  ),
  ['-tan'],
  ['-4an'],
  ['-nape'],
  ['-tulpn'],
  ['-anpeo'],
  ['-aa', '-tt'],
  ['-A', 'inet,unix', '-n'],
  ['-Ainet6', '-a'],
  ['--protocol=unix', '-a'],
  ['--lis', '--tim', '--tcp'],
  ['-x', '-a', '-p'],
  ['-xl'],
  ['-wa', '-e'],
  ['-uaneo'],
  ['-taW'],
];

describe('netstat: common combinations of flags', () => {
  test.each(FIXED.map((flags) => [flags.join(' ') || '(none)', flags] as const))('%s', (_name, flags) => {
    compare(flags);
  });
});

/** A small generator with a seed, so that a failing mix can be made again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

test('netstat: random combinations of flags', () => {
  const seed = Number(process.env.SOCKLENS_SEED ?? Date.now() % 1_000_000);
  console.log(`netstat mixes: SOCKLENS_SEED=${seed}`);
  const next = random(seed);
  for (let round = 0; round < 40; round++) {
    compare([...'altuwxnpeoW46'].filter(() => next() < 0.35).map((letter) => `-${letter}`));
  }
}, 180_000);

test('netstat: 10,000 UNIX sockets with control characters in their names', async () => {
  const many = createNetns();
  try {
    await manyHostile(await Workshop.start(many));
    compare(['-xa'], many);
    const ls = socklens(['ls', `netns:${many.name}`, '-x']);
    expect(ls.stdout.split('\n').length).toBeGreaterThan(10_000);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
    expect(ls.stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
  } finally {
    many.remove();
  }
});

describe('netstat: mistakes', () => {
  test.each([
    ['-Q', "invalid option -- 'Q'"],
    ['--foo', "unrecognized option '--foo'"],
    ['--num', 'ambiguous'],
    ['-Z', '-Z'],
    ['-r', 'ip route'],
  ])('%s is status 2 and one line', (flag, says) => {
    const { status, stdout, stderr } = socklens(['netstat', `netns:${netns.name}`, flag]);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(says);
  });
});

describe('netstat: names from DNS', () => {
  /** Runs with another resolv.conf, in a mount namespace. */
  function withResolver(nameserver: string, args: string[]) {
    const file = path.join(folder, 'resolv.conf');
    fs.writeFileSync(file, `nameserver ${nameserver}\noptions timeout:30\n`);
    const mounted = ['unshare', '-m', 'sh', '-c', `mount --bind ${file} /etc/resolv.conf && exec "$@"`, 'sh'];
    return socklens(args, {}, mounted);
  }

  test('a server that never answers is not waited for longer than two seconds', async () => {
    const silent = await import('node:dgram').then(({ createSocket }) => createSocket('udp4'));
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
    try {
      const { port } = silent.address();
      const start = Date.now();
      const { status, stdout } = withResolver(`127.0.0.1:${port}`, ['netstat', `netns:${netns.name}`, '-tl']);
      expect(status).toBe(0);
      expect(stdout).toContain('10.77.1.1:mysql');
      // Two seconds and the start of a process on a busy machine.
      expect(Date.now() - start).toBeLessThan(15_000);
    } finally {
      silent.close();
    }
  });

  test('without a server addresses are printed as numbers', () => {
    const { status, stdout } = withResolver('127.0.0.1', ['netstat', `netns:${netns.name}`, '-tl']);
    expect(status).toBe(0);
    expect(stdout).toContain('10.77.1.1:mysql');
  });
});

test('netstat: -c repeats the headers until the pipe closes', () => {
  const { stdout, status } = spawnSync(
    'sh',
    ['-c', `"$0" netstat netns:${netns.name} -tln -c | grep --line-buffered Active | head -n 3`, LAUNCHER],
    { encoding: 'utf8', timeout: 240_000 },
  );
  expect(status).toBe(0);
  expect(stdout).toBe('Active Internet connections (only servers)\n'.repeat(3));
});
