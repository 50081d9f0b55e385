import { type ChildProcess, spawn } from 'node:child_process';
import { localMachine } from '../src/collect/local-machine.ts';
import { ownerPass } from '../src/collect/owners/owner-pass.ts';
import type { OwnerSource } from '../src/collect/owners/owner-source.ts';
import { PassOwners } from '../src/collect/owners/pass-owners.ts';
import { ProcOwners } from '../src/collect/owners/proc-owners.ts';
import { alternate } from './alternate.ts';
import type { Result } from './comparison.ts';

const PROCESSES = 10;
/** Of each process, below the usual hard limits of descriptors. */
const SOCKETS = 10_000;
const ROUNDS = 9;
const BAR = 0.12;
const machine = localMachine({});

const HOLD = `
import resource, socket, sys
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
held = [socket.socket() for _ in range(${SOCKETS})]
print('ready', flush=True)
sys.stdin.read()`;

/** Who holds which of 100,000 sockets, the table built: a pass in the kernel against the links of `/proc`. CPU time. */
export async function ownersOfHost(): Promise<Result> {
  const title = `Owners of ${PROCESSES * SOCKETS} descriptors of ${PROCESSES} processes, inside the process, CPU time`;
  const pass = ownerPass(machine);
  if (typeof pass === 'string') return { title, why: pass };
  const children: ChildProcess[] = [];
  try {
    for (let count = 0; count < PROCESSES; count++) children.push(await holder());
    const [ours, theirs] = [new PassOwners(machine, pass), new ProcOwners(machine)];
    const pair = await alternate(
      async () => timed(ours),
      async () => timed(theirs),
      ROUNDS,
      2,
    );
    return {
      title,
      ours: 'pass in the kernel',
      theirs: 'links of /proc/PID/fd',
      pair,
      bar: BAR,
      remarks: [`sockets with an owner: ${ours.size} and ${theirs.size}`],
    };
  } finally {
    for (const child of children) child.kill();
  }
}

async function holder(): Promise<ChildProcess> {
  const child = spawn('python3', ['-c', HOLD], { stdio: ['pipe', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', (status) => reject(new Error(`the holder exited with status ${status}`)));
  });
  return child;
}

/** @returns milliseconds of CPU time of a round */
function timed(source: OwnerSource): number {
  const before = process.cpuUsage();
  source.round({ atMs: performance.now(), sockets: [], likely: [], foreground: true });
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
