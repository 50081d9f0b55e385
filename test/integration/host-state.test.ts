/** What the check at the end of a run finds, in network and mount namespaces that stand for a machine. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { differences, type HostState } from '../support/host-state.ts';
import { nodeProgram } from '../support/netns.ts';

const CHECKOUT = path.resolve(import.meta.dirname, '../..');
const SUPPORT = path.join(CHECKOUT, 'test/support');
const MAIN = path.join(SUPPORT, 'host-state-main.ts');

/** Arguments of unshare(1) for links and mounts that other tests do not change, even while they make and remove theirs. */
const ISOLATED = ['--net', '--mount', '--propagation', 'private'];
const ISOLATED_MOUNTS = ['sh', path.join(SUPPORT, 'isolated-mounts.sh'), CHECKOUT];

/** Differences after some shell commands. */
function after(commands: string): string[] {
  const read = `${nodeProgram()} --disable-warning=ExperimentalWarning ${MAIN}`;
  const script = `set -e; ${read}; ${commands}; ${read}`;
  const unshare = [...ISOLATED, ...ISOLATED_MOUNTS, 'sh', '-c', script];
  const lines = execFileSync('unshare', unshare, { encoding: 'utf8' }).trim().split('\n');
  const [first, last] = lines.map((line) => JSON.parse(line) as HostState);
  if (first === undefined || last === undefined || lines.length !== 2) throw new Error(lines.join('\n'));
  // Other tests run containers and private Engines at the same time.
  const shared = { 'running containers': [], 'private Engines': [], 'folders of serve': [] };
  return differences({ ...first, ...shared }, { ...last, ...shared });
}

test('host check: nothing differs where nothing was left', () => {
  const made = 'ip netns add web; ip link add br0 type bridge; ip link delete br0; ip netns delete web';
  expect(after(made)).toEqual([]);
});

test.each([
  [
    'a bridge with an address',
    'ip link add br0 type bridge; ip address add 10.1.0.1/16 dev br0',
    ['bridges: left behind: br0 10.1.0.1/16'],
  ],
  [
    'a link that is not a bridge',
    'ip link add v0 type veth peer name v1',
    ['links: left behind: v1', 'links: left behind: v0'],
  ],
  ['a removed link', 'ip link set lo name lo1', ['links: missing: lo', 'links: left behind: lo1']],
  ['a mount', 'mount -t tmpfs tmpfs /mnt', ['mounts: left behind: /mnt (tmpfs)']],
  [
    'a named namespace',
    'ip netns add web',
    ['mounts: left behind: /run/netns/web (nsfs)', 'named namespaces: left behind: web'],
  ],
])('host check: %s is named', (_, commands, expected) => {
  expect(after(commands)).toEqual(expected);
});

test('host check: a rule of the packet filter is named', () => {
  const rule = 'OUTPUT -p tcp -m tcp --dport 9 -j DROP';
  expect(after(`iptables -w -A ${rule}`)).toContain(`packet filter rules: left behind: iptables: filter -A ${rule}`);
});

/** A run of tests of its own, with processes, links, mounts and temporary files that no other test changes. */
function runOf(file: string, env: Record<string, string> = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-host-state-'));
  const vitest = path.join(CHECKOUT, 'node_modules/.bin/vitest');
  const run = [vitest, 'run', '--config', 'test/fixtures/host-check/vitest.config.ts', file];
  const unshare = [...ISOLATED, '--pid', '--fork', '--mount-proc', ...ISOLATED_MOUNTS, ...run];
  const clean = { CI: '', SOCKLENS_TEST_SHARED_HOST: '', SOCKLENS_TEST_SETTLE_MS: '200', TMPDIR: folder };
  const { status, stdout, stderr } = spawnSync('unshare', unshare, {
    env: { ...process.env, ...clean, ...env },
    encoding: 'utf8',
  });
  fs.rmSync(folder, { recursive: true });
  return { status, stderr, lastLine: stdout.trimEnd().split('\n').at(-1) };
}

test('host check: a run that leaves a private Engine fails and names its folder', () => {
  const { status, stderr, lastLine } = runOf('leaves-an-engine');
  expect(stderr).toMatch(/private Engines: left behind: \S+\/socklens-private-\d+-left/);
  expect({ status, lastLine }).toEqual({ status: 1, lastLine: '1 passed, 1 failed, 0 skipped' });
});

test('host check: a run that leaves a bridge fails, names it and counts it', () => {
  const { status, stderr, lastLine } = runOf('leaves-a-bridge');
  expect(stderr).toContain('bridges: left behind: left0');
  expect({ status, lastLine }).toEqual({ status: 1, lastLine: '1 passed, 1 failed, 0 skipped' });
});

test('host check: on a shared machine a difference is printed and does not fail the run', () => {
  const { status, stderr, lastLine } = runOf('leaves-a-bridge', { SOCKLENS_TEST_SHARED_HOST: '1' });
  expect(stderr).toContain('bridges: left behind: left0');
  expect({ status, lastLine }).toEqual({ status: 0, lastLine: '1 passed, 0 failed, 0 skipped' });
});

test('host check: a run that removes what it made passes', () => {
  expect(runOf('leaves-nothing')).toEqual({ status: 0, stderr: '', lastLine: '1 passed, 0 failed, 0 skipped' });
});
