import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nodeProgram } from '../support/netns.ts';

/** Behaviour of a fake Engine on a request. */
export interface FakeAnswer {
  /** Written one after the other, each when the one before is out; one character a byte. */
  pieces: string[];
  /** Behaviour after the pieces; `drip` sends a byte at intervals without an end. */
  afterwards: 'close' | 'hang' | 'reset' | 'drip';
}

/** Answers by path, the query included; `*` for any other. */
export type FakeAnswers = Record<string, FakeAnswer>;

/** Something that listens on a UNIX socket and is no Engine. A process of its own: its asker may block. */
export interface FakeEngine {
  /** `unix:///…` */
  endpoint: string;
  /** Path of the socket. */
  socket: string;
  /** The paths that were asked for, in order. */
  asked: readonly string[];
  /** Closes it at once. The socket's file stays, so that connections are refused. */
  kill(): Promise<void>;
  /** Closes it and removes its folder. */
  remove(): Promise<void>;
}

/** Starts a process that answers so, on a socket in a new folder. */
export async function startFakeEngine(answers: FakeAnswers): Promise<FakeEngine> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'fake-engine-'));
  const socket = `${folder}/engine.sock`;
  const script = path.join(import.meta.dirname, 'fake-engine-main.ts');
  fs.writeFileSync(`${folder}/answers.json`, JSON.stringify(answers));
  const args = ['--disable-warning=ExperimentalWarning', script, socket, `${folder}/answers.json`];
  const child = spawn(nodeProgram(), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const asked: string[] = [];
  await collectLines(child, asked);
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  const remove = async () => {
    await kill();
    fs.rmSync(folder, { recursive: true });
  };
  return { endpoint: `unix://${socket}`, socket, asked, kill, remove };
}

/** Resolves with the first line, `ready`; the rest goes to `lines`. */
function collectLines(child: ChildProcess, lines: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let rest = '';
    child.once('exit', (status) => reject(new Error(`the fake Engine ended with status ${status}`)));
    child.stdout?.on('data', (piece: Buffer) => {
      const complete = (rest + piece).split('\n');
      rest = complete.pop() ?? '';
      for (const line of complete) {
        if (line === 'ready') resolve();
        else lines.push(line);
      }
    });
  });
}

/** A complete answer with a length, as Docker gives it. */
export function httpAnswer(body: unknown, status = 200, headers = 'Server: Docker/20.10.24 (linux)'): FakeAnswer {
  const text = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)).toString('latin1');
  const head = `HTTP/1.1 ${status} X\r\n${headers}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n`;
  return { pieces: [head + text], afterwards: 'close' };
}
