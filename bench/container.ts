import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { alternate } from './alternate.ts';
import { environment, run, SOCKLENS, timed } from './command.ts';
import type { Result } from './comparison.ts';

const TITLE = 'A container with few sockets: netstat -tan';
const BUSYBOX = '/bin/busybox';
const ROUNDS = 25;
/** Listens on three ports. */
const SCRIPT = `for port in 81 82; do ${BUSYBOX} nc -l -p $port & done; exec ${BUSYBOX} nc -l -p 80`;

/** `netstat CONTAINER -tan` against asking the Engine for the PID and entering its namespace. */
export async function netstatOfContainer(): Promise<Result> {
  const why = missing();
  if (why !== undefined) return { title: TITLE, why };
  const name = `slbench-${process.pid}`;
  const remove = () => {
    process.removeListener('exit', remove);
    for (const args of [
      ['rm', '--force', name],
      ['rmi', name],
    ])
      quietly('docker', args);
  };
  process.once('exit', remove);
  try {
    importImage(name);
    docker('run', '--detach', '--name', name, name, BUSYBOX, 'sh', '-c', SCRIPT);
    return await compare(name);
  } finally {
    remove();
  }
}

async function compare(name: string): Promise<Result> {
  const inspectAndEnter = async () => {
    const { ms, head } = await run('docker', ['inspect', '--format', '{{.State.Pid}}', name]);
    return ms + (await timed('nsenter', ['--target', head.trim(), '--net', '--', 'netstat', '-tan']));
  };
  const pair = await alternate(() => timed(SOCKLENS, ['netstat', name, '-tan']), inspectAndEnter, ROUNDS, 3);
  return {
    title: TITLE,
    ours: 'socklens netstat NAME -tan',
    theirs: 'docker inspect, then nsenter … netstat',
    pair,
    bar: 1.7,
  };
}

/** @returns the reason why there can be no container here; undefined when there can */
function missing(): string | undefined {
  if (!fs.existsSync(BUSYBOX)) return `no ${BUSYBOX} for an image; on Debian: apt-get install busybox-static`;
  try {
    docker('version', '--format', '{{.Server.Version}}');
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'the docker command is missing' : 'no Docker Engine answers';
  }
}

/** Makes an image that contains busybox alone; nothing is pulled. */
function importImage(name: string): void {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-bench-'));
  try {
    const tar = path.join(folder, 'image.tar');
    execFileSync('tar', ['--create', '--file', tar, '--directory', '/', BUSYBOX.slice(1)], { stdio: 'pipe' });
    docker('import', tar, name);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
}

function quietly(program: string, args: readonly string[]): void {
  try {
    execFileSync(program, args, { stdio: 'ignore', env: environment() });
  } catch {
    // The container or image was never made.
  }
}
