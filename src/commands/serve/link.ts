import { setTimeout } from 'node:timers/promises';
import { Failure } from '../../model/failure.ts';
import { type RunningServe, readRunning } from '../../serve/kept/token.ts';
import type { CommandContext } from '../context.ts';

/** The link to the page of a `serve`: its token is behind the `#`, which browsers do not send. */
export function linkOf({ url, token }: Pick<RunningServe, 'url' | 'token'>): string {
  return token === undefined ? `${url}/` : `${url}/#token=${token}`;
}

/** A service that has just been started has its link when it listens: how long that may take. */
const START_MS = 5000;
const POLL_MS = 50;

/**
 * `serve --link`: prints the link of the `serve` that runs with this folder.
 *
 * @param ssh where to reach this machine by SSH, for a browser on another one; undefined for the link alone
 * @throws {Failure} `no-target` where none runs
 */
export async function printLink({ out }: CommandContext, data: string, ssh: string | undefined): Promise<void> {
  const running = await runningServe(data);
  if (ssh === undefined) {
    out.write(`${linkOf(running)}\n`);
    return;
  }
  // An option of ssh would run programs.
  if (!/^[\w.@:[\]%-]+$/.test(ssh) || ssh.startsWith('-'))
    throw new Failure('usage', `--ssh: "${ssh}" is no [USER@]HOST`);
  const { hostname, port, protocol } = new URL(running.url);
  const far = hostname === '0.0.0.0' || hostname === '[::]' ? '127.0.0.1' : hostname;
  out.write(`On the machine with the browser:

  ssh -N -L ${port}:${far}:${port} ${ssh}

then open ${linkOf({ ...running, url: `${protocol}//127.0.0.1:${port}` })}
`);
}

/** The `serve` that runs with a folder, or is about to. */
async function runningServe(data: string): Promise<RunningServe> {
  for (let waited = 0; ; waited += POLL_MS) {
    try {
      const running = readRunning(data);
      if (isAlive(running.pid)) return running;
      throw new Failure('no-target', `no serve runs with --data ${data}`);
    } catch (error) {
      const isMissing = error instanceof Failure && error.kind === 'no-target';
      if (!isMissing || waited >= START_MS) throw error;
    }
    await setTimeout(POLL_MS);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
