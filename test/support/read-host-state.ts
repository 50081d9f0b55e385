import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { containersOf, differences, type HostState, linksOf, mountsOf, rulesOf } from './host-state.ts';
import { until } from './netns.ts';
import { isRunning } from './private-processes.ts';

/**
 * How long what a run made may take to be gone, in milliseconds: the kernel removes the links of a
 * namespace by and by.
 */
const SETTLE_MS = Number(process.env.SOCKLENS_TEST_SETTLE_MS ?? 15_000);

/** The state of the network and mount namespaces that this process is in, and of all processes that it sees. */
export function readHostState(): HostState {
  return {
    ...linksOf(execFileSync('ip', ['-json', '-details', 'address'], { encoding: 'utf8' })),
    'packet filter rules': ['iptables', 'ip6tables'].flatMap((program) => rulesOf(program, savedBy(program))),
    mounts: mountsOf(fs.readFileSync('/proc/self/mountinfo', 'latin1')),
    'named namespaces': listing('/run/netns'),
    'running containers': containersOf(cgroupTexts()),
  };
}

/**
 * Waits for the machine to be as it was.
 *
 * @returns what still differs after a while, a line for each; nothing when all is as before
 */
export async function remainingDifferences(before: HostState): Promise<string[]> {
  let found: string[] = [];
  const isAsBefore = () => {
    found = differences(before, readHostState());
    return found.length === 0;
  };
  await until('the machine to be as it was', isAsBefore, SETTLE_MS).catch(() => {});
  return found;
}

/** Nothing where the program is missing or the kernel has no packet filter for it. */
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

/** Of processes that run: a zombie that nobody waits for keeps its cgroup. */
function cgroupTexts(): string[] {
  const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isRunning(Number(name)));
  return pids.map((pid) => {
    try {
      return fs.readFileSync(`/proc/${pid}/cgroup`, 'latin1');
    } catch {
      // It has ended meanwhile.
      return '';
    }
  });
}
