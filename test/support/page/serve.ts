/** `socklens serve` as its users start it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { LAUNCHER } from '../cli.ts';
import { until } from '../netns.ts';

/** A running `serve`. */
export interface ServeRun {
  /** The link with the token. */
  link: string;
  /** Where it listens: `http://127.0.0.1:40123`. */
  origin: string;
  pid: number;
  /** The token of the page. */
  token: string;
  /** What it wrote so far, on both outputs. */
  output(): string;
  /** Asks the API. @returns its JSON */
  ask(pathAndQuery: string): Promise<unknown>;
  /** Ends it, waits, and removes its data. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * Starts `socklens serve ARGS` on a free port.
 *
 * @param options.port instead of a free one
 * @param options.address instead of that of loopback
 * @param options.within a program and its arguments that start it, such as `nsenter`
 * @param options.data instead of a folder of its own, which is removed
 */
export async function startServe(
  args: readonly string[],
  options: {
    env?: Record<string, string>;
    port?: number;
    address?: string;
    data?: string;
    within?: readonly string[];
  } = {},
): Promise<ServeRun> {
  const own = options.data === undefined ? fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-serve-')) : undefined;
  const listen = `${options.address ?? '127.0.0.1'}:${options.port ?? 0}`;
  const command = [LAUNCHER, 'serve', ...args, '--listen', listen, '--data', options.data ?? own ?? ''];
  const [program = LAUNCHER, ...rest] = [...(options.within ?? []), ...command];
  const child = spawn(program, rest, {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const take = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const link = await until('the link of serve', () => {
    if (child.exitCode !== null) throw new Error(`serve ended with ${child.exitCode}: ${output}`);
    return /https?:\/\/\S+#token=\S+/.exec(output)?.[0];
  });
  const { origin, hash } = new URL(link);
  const token = hash.replace('#token=', '');
  const { pid } = child;
  if (pid === undefined) throw new Error('serve did not start');
  return {
    link,
    origin,
    pid,
    token,
    output: () => output,
    async ask(pathAndQuery) {
      const response = await fetch(`${origin}/api/v1/${pathAndQuery}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      if (!response.ok) throw new Error(`${pathAndQuery}: ${response.status} ${await response.text()}`);
      return response.json();
    },
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) {
        const exit = once(child, 'exit');
        child.kill(signal);
        await exit;
      }
      if (own !== undefined) fs.rmSync(own, { recursive: true, force: true });
    },
  };
}
