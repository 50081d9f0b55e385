/** A program of Debian's monitoring packages, on a free port, with a folder of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '../free-port.ts';
import { until } from '../netns.ts';

/** Why an engine cannot run here; undefined where all of them can. */
export const WHY_NO_ENGINES = ['prometheus', 'promtool', 'victoria-metrics', 'prometheus-alertmanager']
  .filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0)
  .map((name) => `${name} is not installed (Debian)`)
  .join('; ');

/** Starts are tried so often: another program may take the port before this one does. */
const TRIES = 5;

/** How long a program may take to be ready, milliseconds. */
const READY_MS = 120_000;

/** A running engine. */
export interface EngineProgram {
  /** `http://127.0.0.1:19090`. */
  url: string;
  folder: string;
  /** What it wrote so far. */
  output(): string;
  /** Ends it; its data stay until {@link removeEngines}. */
  stop(): Promise<void>;
}

const folders = new Set<string>();
const running = new Set<ChildProcess>();

/**
 * Starts a program and waits until it is ready.
 *
 * @param args of the program, given its port and folder
 * @param ready path that answers 200 when it is
 * @param given port and folder of an earlier one, which has ended
 */
export async function startProgram(
  name: string,
  args: (port: number, folder: string) => readonly string[],
  ready: string,
  given: { port?: number; folder?: string | undefined } = {},
): Promise<EngineProgram> {
  const folder = given.folder ?? fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-engine-'));
  folders.add(folder);
  for (let tries = 1; ; tries++) {
    const port = given.port ?? (await freePort());
    const child = spawn(name, args(port, folder), { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    let output = '';
    const take = (piece: Buffer) => {
      output = `${output}${piece}`.slice(-20_000);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const url = `http://127.0.0.1:${port}`;
    const isReady = await until(
      `${name} to be ready`,
      async () => {
        if (child.exitCode !== null) return 'ended';
        return (await isOk(`${url}${ready}`)) && 'ready';
      },
      READY_MS,
    );
    if (isReady === 'ready') return { url, folder, output: () => output, stop: () => stop(child) };
    running.delete(child);
    if (tries === TRIES) throw new Error(`${name} ended with ${child.exitCode}: ${output}`);
  }
}

/** Ends what still runs and removes all data. */
export async function removeEngines(): Promise<void> {
  await Promise.all([...running].map(stop));
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
  folders.clear();
}

async function stop(child: ChildProcess): Promise<void> {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

async function isOk(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url);
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}
