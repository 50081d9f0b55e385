/** What the run's own check sees of a machine, in network and mount namespaces that stand for one. */
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { differences, type HostState } from '../support/host-state.ts';
import { nodeProgram } from '../support/netns.ts';

const MAIN = path.resolve(import.meta.dirname, '../support/host-state-main.ts');

/** What differs after some shell commands. */
function after(commands: string): string[] {
  const read = `${nodeProgram()} --disable-warning=ExperimentalWarning ${MAIN}`;
  const script = `set -e; mkdir -p /run/netns; mount -t tmpfs tmpfs /run/netns; ${read}; ${commands}; ${read}`;
  const unshare = ['--net', '--mount', '--propagation', 'private', 'sh', '-c', script];
  const lines = execFileSync('unshare', unshare, { encoding: 'utf8' }).trim().split('\n');
  const [first, last] = lines.map((line) => JSON.parse(line) as HostState);
  if (first === undefined || last === undefined || lines.length !== 2) throw new Error(lines.join('\n'));
  // Other tests run containers at the same time.
  return differences({ ...first, 'running containers': [] }, { ...last, 'running containers': [] });
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
    'a link that is no bridge',
    'ip link add v0 type veth peer name v1',
    ['links: left behind: v1', 'links: left behind: v0'],
  ],
  ['a link that is gone', 'ip link set lo name lo1', ['links: gone: lo', 'links: left behind: lo1']],
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

/** A run of tests of its own, where nobody else changes links and mounts. */
function runOf(file: string, env: Record<string, string> = {}) {
  const vitest = path.resolve(import.meta.dirname, '../../node_modules/.bin/vitest');
  const config = 'test/fixtures/host-check/vitest.config.ts';
  const inside = ['--net', '--mount', '--pid', '--fork', '--mount-proc', vitest, 'run', '--config', config, file];
  const { status, stdout, stderr } = spawnSync('unshare', inside, {
    env: { ...process.env, CI: '', SOCKLENS_TEST_SHARED_HOST: '', SOCKLENS_TEST_SETTLE_MS: '200', ...env },
    encoding: 'utf8',
  });
  return { status, stderr, lastLine: stdout.trimEnd().split('\n').at(-1) };
}

test('host check: a run that leaves a bridge fails, names it and counts it', () => {
  const { status, stderr, lastLine } = runOf('leaves-a-bridge');
  expect(stderr).toContain('bridges: left behind: left0');
  expect({ status, lastLine }).toEqual({ status: 1, lastLine: '1 passed, 1 failed, 0 skipped' });
});

test('host check: on a machine that others change too it is named and does not fail the run', () => {
  const { status, stderr, lastLine } = runOf('leaves-a-bridge', { SOCKLENS_TEST_SHARED_HOST: '1' });
  expect(stderr).toContain('bridges: left behind: left0');
  expect({ status, lastLine }).toEqual({ status: 0, lastLine: '1 passed, 0 failed, 0 skipped' });
});

test('host check: a run that removes what it made passes', () => {
  expect(runOf('leaves-nothing')).toEqual({ status: 0, stderr: '', lastLine: '1 passed, 0 failed, 0 skipped' });
});
