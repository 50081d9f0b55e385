/** A recording replayed gives the same as the live commands at that moment, on sockets in every state. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Group } from '../../src/model/report/group.ts';
import { LAUNCHER } from '../support/cli.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';
import { type FilterSockets, fillForFilters } from '../support/recipes/filter-sockets.ts';
import { commandJson, commandOutput, linesIn, RecordingRun, temporaryFolder } from '../support/recording-run.ts';

interface Grouped {
  groups: Group[];
  total: { sockets: number };
}
interface Listed {
  sockets: Record<string, unknown>[];
}

let folder: string;
let netns: TestNetns;
let context: FilterSockets;
let target: string;
let file: string;
let redacted: string;
/** Output of the live command right after the last sample. */
let live: Map<string, Grouped>;
/** The same for TCP alone, without MPTCP. */
let liveTcp: Grouped;
let listed: Listed;
let rows: Record<string, unknown>[];

const ASKED: readonly (readonly string[])[] = [
  ['state'],
  ['proto,state'],
  ['peer'],
  ['peer-address,state'],
  ['peer-port'],
  ['local'],
  ['local-port'],
  // Only holders of TCP and UDP sockets are remembered over time.
  ['process', '-t', '-u'],
  ['service'],
  ['role'],
  ['state', 'state established dst 10.9.0.0/24'],
  ['state,proto', 'sport = 3306 or dport = 3306'],
  ['local-port', 'role server'],
  ['state', 'not state established,listen'],
  ['peer', 'src [fd00:9::]/64'],
  ['proto', 'uid 12345'],
  ['state', 'process node and recvq > 0'],
  ['state', 'keepalive on'],
];

function grouped(by: readonly string[], ...words: string[]): Grouped {
  const [keys = '', ...filter] = by;
  return commandJson<Grouped>('ls', ...words, ...filter, '--by', keys);
}

/** In an order that does not depend on the kernel's. */
function ordered({ groups, total }: Grouped) {
  return { groups: [...groups].sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))), total };
}

/** Without running clocks, and without fields that a recording lacks. */
function still({ timer, processes, ...row }: Record<string, unknown>) {
  const named = (processes as { pid: number; name: string }[]).map(({ pid, name }) => ({ pid, name }));
  const kind = (timer as { kind?: string } | undefined)?.kind;
  return { ...row, processes: named.slice(0, 1), ...(kind !== undefined && { timer: kind }) };
}

function byInode(sockets: readonly Record<string, unknown>[]) {
  const key = (row: Record<string, unknown>) => JSON.stringify([row.proto, row.cookie, row.inode, row.local, row.peer]);
  return sockets.map(still).sort((a, b) => key(a).localeCompare(key(b)));
}

beforeAll(async () => {
  folder = temporaryFolder();
  netns = createNetns();
  target = `netns:${netns.name}`;
  context = await fillForFilters(netns);
  file = path.join(folder, 'states.slr');
  redacted = path.join(folder, 'redacted.slr');
  const runs = [await RecordingRun.start(target, file), await RecordingRun.start(target, redacted, '--redact')];
  for (const run of runs) await run.next();
  live = new Map(ASKED.map((by) => [by.join(' '), grouped(by, target)]));
  liveTcp = commandJson<Grouped>('ls', target, '-t', '--by', 'state');
  listed = commandJson<Listed>('ls', target);
  rows = commandJson<{ containers: Record<string, unknown>[] }>('ps', '--all').containers.filter(
    ({ netns: inode }) => inode === netns.inode,
  );
  for (const run of runs) {
    await run.next();
    expect(await run.stop()).toBe(0);
    expect(run.stderr).toMatch(/^socklens: .*\.slr: \d+ samples, /m);
  }
});
afterAll(async () => {
  await context?.stop();
  netns?.remove();
  fs.rmSync(folder, { recursive: true, force: true });
});

describe('a recording of sockets in every state', () => {
  it('is readable by its owner only, and has an end mark', () => {
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(linesIn(fs.readFileSync(file)).at(-1)).toBe('{"type":"end"}');
  });

  it.each(ASKED.map((by) => [by.join(' '), by] as const))('ls --by %s: as it was live', (name, by) => {
    const recorded = grouped(by, '--from', file);
    expect(recorded.total.sockets).toBeGreaterThan(0);
    expect(ordered(recorded)).toEqual(ordered(live.get(name) ?? { groups: [], total: { sockets: 0 } }));
    // TARGET may be named, too.
    if (name === 'state') expect(grouped(by, target, '--from', file)).toEqual(recorded);
  });

  it('ls: each socket with all that it had', () => {
    expect(byInode(commandJson<Listed>('ls', '--from', file).sockets)).toEqual(byInode(listed.sockets));
  });

  it('ps: the same row', () => {
    const [live, ...more] = rows;
    expect(more).toEqual([]);
    const [recorded] = commandJson<{ containers: Record<string, unknown>[] }>('ps', '--from', file).containers;
    const { sockets, descriptors, busiestPeer } = recorded ?? {};
    expect({ sockets, busiestPeer }).toEqual({ sockets: live?.sockets, busiestPeer: live?.busiestPeer });
    const pidOf = (value: unknown) => (value as { pid: number } | undefined)?.pid;
    expect(pidOf(descriptors)).toBe(pidOf(live?.descriptors));
  });

  it('watch: the same counts at every tick', () => {
    const { stdout } = commandOutput('watch', '--from', file, '--speed', 'max', '--ndjson', '--tcp');
    const samples = stdout
      .split('\n')
      .flatMap((line) => (line.startsWith('{"type":"sample"') ? [JSON.parse(line)] : []));
    expect(samples.length).toBeGreaterThan(2);
    for (const sample of samples) expect(sample.total).toBe(liveTcp.total.sockets);
    const counts = (groups: readonly Group[]) => Object.fromEntries(groups.map(({ key, count }) => [key.state, count]));
    expect(counts(samples.at(-1).groups)).toEqual(counts(liveTcp.groups));
  });

  it('doctor: judges it', () => {
    const { status, stdout } = commandOutput('doctor', '--from', file, '--json');
    expect([0, 1]).toContain(status);
    expect(JSON.parse(Buffer.from(stdout, 'latin1').toString())).toMatchObject({ schema: 1, target });
  });

  it('--redact: the same counts, other names, and filters by them', () => {
    const recorded = grouped(['state'], '--from', redacted);
    expect(ordered(recorded)).toEqual(ordered(live.get('state') ?? { groups: [], total: { sockets: 0 } }));
    const text = linesIn(fs.readFileSync(redacted)).join('\n');
    for (const secret of ['10.9.0.1"', '10.9.0.2"', 'fd00:9::', netns.name]) expect(text).not.toContain(secret);
    const peers = grouped(['peer-address'], '--from', redacted).groups;
    const other = peers.find(({ key }) => String(key['peer-address']).startsWith('10.'));
    expect(grouped(['state'], '--from', redacted, `dst ${other?.key['peer-address']}`).total.sockets).toBe(
      other?.count,
    );
    expect(commandOutput('ps', '--from', redacted).stdout).toMatch(/^netns:netns-1 /m);
  });
});

/** In a mount namespace of its own, with the launcher as `$0`. */
function socklensIn(script: string) {
  return spawnSync('unshare', ['--mount', 'sh', '-c', script, LAUNCHER], { encoding: 'latin1', timeout: 240_000 });
}

describe('errors', () => {
  const one = (text: string) => expect(text.trimEnd().split('\n')).toHaveLength(1);

  it.each([
    [['ls', '--from', '/nonexistent.slr'], 2, 'no such file'],
    [['ps', '--from', '/tmp'], 2, 'is a directory'],
    [['watch', '--from', '/etc/passwd'], 2, 'not a socklens recording'],
    [['events', '--from', '/dev/null'], 2, 'nothing is recorded in it'],
    [['ls', '--at', '+1s', 'host'], 2, '--at needs --from'],
    [['watch', 'host', '--speed', 'max'], 2, '--speed needs --from'],
    [['record', 'host'], 2, '-o FILE'],
    [['record', 'host', '-o', '/nonexistent/x.slr', '--for', '100ms'], 2, 'cannot create it (ENOENT)'],
    [['record', 'host', '-o', '/etc/passwd'], 2, 'already exists'],
    [['record', 'host', '-o', '-'], 2, 'not written to standard output'],
  ])('%j', (args, status, text) => {
    const result = commandOutput(...args);
    expect(result.status).toBe(status);
    expect(result.stderr).toContain(text);
    one(result.stderr);
  });

  it('words that mean nothing in this recording, and times that are none', () => {
    for (const [args, status, text] of [
      [['ls', '--at', 'yesterday'], 2, 'write +90s'],
      [['ls', '--at', '2001-01-01T00:00:00Z'], 2, 'the recording starts at'],
      [['ls', 'nobody'], 3, `it contains ${target}`],
      [['ls', 'state', 'nonsense'], 2, 'unknown state'],
      [['ls', 'dst', 'nobody'], 2, 'no address "nobody"'],
      [['ls', '--explain-filter'], 2, 'no kernel filters a recording'],
      [['watch', '--interval', '5s'], 2, 'a recording has its own'],
    ] as const) {
      const result = commandOutput(...args, '--from', file);
      expect([args, result.status]).toEqual([args, status]);
      expect(result.stderr).toContain(text);
    }
  });

  it('a full disk: one line, and the samples before are readable', () => {
    const mount = path.join(folder, 'full');
    const small = path.join(mount, 'small.slr');
    const script = `mkdir ${mount} && mount -t tmpfs -o size=4k none ${mount} && "$0" record ${target} -o ${small} --interval 100ms --for 20s; echo "status $?" >&2; "$0" ls --from ${small} --by state`;
    const { stdout, stderr } = socklensIn(script);
    expect(stderr).toMatch(/^socklens: .*small\.slr: cannot write to it \(ENOSPC\)/m);
    expect(stderr).toContain('status 74');
    expect(stdout + stderr).toMatch(/ESTABLISHED|nothing (is|was) recorded/);
  });

  it('a later format is refused', async () => {
    const { gzipSync } = await import('node:zlib');
    const later = path.join(folder, 'later.slr');
    fs.writeFileSync(later, gzipSync('{"type":"socklens-recording","version":99,"startedAtMs":1,"intervalMs":1}\n'));
    const { status, stderr } = commandOutput('ps', '--from', later);
    expect(status).toBe(2);
    expect(stderr).toMatch(/recording format 99 is not supported \(up to \d+\)/);
    one(stderr);
  });
});
