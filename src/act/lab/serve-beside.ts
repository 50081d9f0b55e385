import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Failure } from '../../model/failure.ts';
import { ownCommand } from '../own-command.ts';

/** A `socklens serve` that runs beside this process. */
export interface ServeBeside {
  /** Its link, with the token. */
  link: string;
  /** Resolves when it has ended. */
  ended: Promise<void>;
  /** Ends it in order, and removes what it kept unless its folder was given. Can be called twice. */
  stop(): Promise<void>;
}

/** How it is started. */
export interface ServeBesideOptions {
  /** TARGETs that it watches. */
  targets: readonly string[];
  /** Text of its configuration, TOML. */
  config: string;
  /** Where it keeps everything; undefined for a folder that is removed with it. */
  data: string | undefined;
}

/** How long it may take to listen, milliseconds. */
const START_MS = 60_000;
const POLL_MS = 50;

/**
 * Runs a command until it ends or descriptor 3 is at its end, which it is when the process that holds it has ended, however
 * that ended.
 */
const WHILE_HELD = `"$@" 3<&- & child=$!
{ read -r _ <&3; kill "$child"; } 2>/dev/null & holder=$!
exec 3<&-
wait "$child"; status=$?
kill "$holder" 2>/dev/null
exit "$status"`;

/**
 * Starts it on a free port of the loopback address, in a process of its own, and waits until it has taken its first sample.
 *
 * @throws {Failure} `fault` when it ends instead, with what it said
 */
export async function startServeBeside({ targets, config, data }: ServeBesideOptions): Promise<ServeBeside> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-lab-serve-'));
  const file = path.join(folder, 'socklens.toml');
  fs.writeFileSync(file, config);
  const kept = data ?? path.join(folder, 'data');
  const options = ['--listen', '127.0.0.1:0', '--data', kept, '--config', file];
  const command = [...ownCommand(), 'serve', targets.join(','), ...options];
  // In a group of its own: Ctrl-C reaches this process alone, which ends it after the last words.
  const child = spawn('sh', ['-c', WHILE_HELD, 'sh', ...command], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let [said, complained] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complained += text;
  });
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      hasEnded = true;
      resolve();
    };
    child.once('error', end);
    child.once('close', end);
  });
  const holder = child.stdio[3];
  holder?.on('error', () => {});
  const stop = async () => {
    holder?.destroy();
    await ended;
    fs.rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (let waited = 0; waited < START_MS && !hasEnded; waited += POLL_MS) {
      const link = /^https?:\S+#token=\S+$/m.exec(said)?.[0];
      if (link !== undefined && (await isReady(link))) return { link, ended, stop };
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new Failure('fault', `socklens serve did not start: ${complained.trim() || 'it says nothing'}`);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function isReady(link: string): Promise<boolean> {
  try {
    return (await fetch(new URL('/readyz', link))).ok;
  } catch {
    // It has just ended, which its exit says.
    return false;
  }
}
