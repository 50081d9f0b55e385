import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { containersOf, differences, type HostState, linksOf, mountsOf, rulesOf } from './host-state.ts';
import { until } from './netns.ts';
import { privateFolders } from './private-namespaces.ts';
import { isRunning } from './private-processes.ts';

/**
 * Wait for what a run made to disappear, in milliseconds: the kernel removes the links of a namespace asynchronously, and a
 * busy machine late. On one that others change, which may never be as before, it is short.
 */
const SETTLE_MS = Number(
  process.env.SOCKLENS_TEST_SETTLE_MS ?? (process.env.SOCKLENS_TEST_SHARED_HOST ? 15_000 : 90_000),
);

/** Those that `serve` has when it is told none, and where `deploy/` and the Debian package put things. */
const SERVE_FOLDERS = ['/var/lib/socklens', '/var/lib/socklens/hosts', '/var/lib/socklens-hosts', '/etc/socklens'];

/** The state of this process's network and mount namespaces, and of all processes in its `/proc`. */
export function readHostState(): HostState {
  return {
    ...linksOf(execFileSync('ip', ['-json', '-details', 'address'], { encoding: 'utf8' })),
    'packet filter rules': ['iptables', 'ip6tables'].flatMap((program) => rulesOf(program, savedBy(program))),
    mounts: mountsOf(fs.readFileSync('/proc/self/mountinfo', 'latin1')),
    'named namespaces': listing('/run/netns'),
    'running containers': containersOf(cgroupTexts()),
    'private Engines': privateFolders(),
    'folders of serve': SERVE_FOLDERS.filter((folder) => fs.existsSync(folder)),
  };
}

/**
 * Waits up to {@link SETTLE_MS} for the machine to return to an earlier state.
 *
 * @returns a line for each difference that is left; empty when the state is as before
 */
export async function remainingDifferences(before: HostState): Promise<string[]> {
  let found: string[] = [];
  const isAsBefore = () => {
    found = differences(before, readHostState());
    return found.length === 0;
  };
  await until('the machine to return to its state', isAsBefore, SETTLE_MS).catch(() => {});
  return found;
}

/** Output of `PROGRAM-save`; empty where the program is missing or the kernel has no packet filter for it. */
function savedBy(program: string): string {
  try {
    return execFileSync(`${program}-save`, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}

function listing(folder: string): string[] {
  return fs.existsSync(folder) ? fs.readdirSync(folder) : [];
}

/** Texts of `/proc/PID/cgroup`, without zombies: a zombie that its parent has not waited for keeps its cgroup. */
function cgroupTexts(): string[] {
  const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isRunning(Number(name)));
  return pids.map((pid) => {
    try {
      return fs.readFileSync(`/proc/${pid}/cgroup`, 'latin1');
    } catch {
      // The process has exited meanwhile.
      return '';
    }
  });
}
