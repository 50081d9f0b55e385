/** A container as the place of a real program: nothing is pulled, the container sees this machine's programs read-only. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { RunOptions, TestEngine } from '../engine.ts';
import { nodeProgram, until } from '../netns.ts';
import { fullCommand, type Launch, type Started } from './program.ts';

/** What a container sees of this machine; Node is a package of this checkout. */
const FOLDERS = ['/usr', '/lib', '/lib64', '/bin', '/sbin', '/etc', path.dirname(fs.realpathSync(nodeProgram()))];

/** Options of the container; its command is the program that is launched in it. */
export type ContainerOptions = Omit<RunOptions, 'script'>;

/** A container that has its first program as process 1. */
export class ContainerPlace {
  readonly container: ContainerOptions & { name: string };
  readonly #engine: TestEngine;
  #id: string | undefined;
  #pid: number | undefined;

  constructor(engine: TestEngine, options: ContainerOptions = {}) {
    this.#engine = engine;
    this.container = { name: engine.uniqueName(), ...options };
  }

  /** Process id of the container's first process, on this machine. @throws before a program was launched */
  get pid(): number {
    if (this.#pid === undefined) throw new Error(`${this.container.name} has no program yet`);
    return this.#pid;
  }

  /** Runs a program of this machine in the container's network namespace. @returns its stdout */
  run(program: string, ...args: string[]): string {
    return execFileSync('nsenter', [`--net=/proc/${this.pid}/ns/net`, '--', program, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
  }

  /** The container's IPv4 address on its first network. */
  address(): string {
    const found = /inet ([\d.]+)\//.exec(this.run('ip', '-4', '-o', 'address', 'show', 'dev', 'eth0'));
    if (found?.[1] === undefined) throw new Error(`${this.container.name} has no address`);
    return found[1];
  }

  /** Removes the container. Can be called twice. */
  async remove(): Promise<void> {
    if (this.#id !== undefined) await this.#engine.remove(this.#id).catch(() => {});
  }

  /** Starts the container with this command; used by `launch`. */
  async start(options: Launch, logFile: string): Promise<Started> {
    const { nofile, env, folder } = options;
    fs.writeFileSync(logFile, '', { mode: 0o666 });
    const variables = Object.entries({ LC_ALL: 'C', ...env }).map(([key, value]) => `export ${key}=${quote(value)};`);
    const command = fullCommand({ ...options, nofile: undefined })
      .map(quote)
      .join(' ');
    const mounts = FOLDERS.filter((each) => fs.existsSync(each)).map((each) => `${each}:${each}:ro`);
    const { id, pid } = await this.#engine.run({
      ...this.container,
      script: `${variables.join(' ')} cd ${quote(folder)} && exec ${command} >>${quote(logFile)} 2>&1`,
      ...(nofile === undefined ? {} : { ulimits: [{ Name: 'nofile', Soft: nofile, Hard: nofile }] }),
      hostConfig: {
        Binds: [...mounts, `${folder}:${folder}`, `${logFile}:${logFile}`],
        Tmpfs: { '/run': '', '/var': '' },
        ...this.container.hostConfig,
      },
    });
    this.#id = id;
    // The Engine has no process id of a container whose program has ended.
    if (pid === 0) throw new Error(`${options.command[0]} ended at once: ${fs.readFileSync(logFile, 'utf8')}`);
    this.#pid = pid;
    const isGone = () => !fs.existsSync(`/proc/${pid}`);
    return {
      pid,
      hasEnded: isGone,
      get ended() {
        return until(`container ${id} to end`, isGone);
      },
      end: (signal) => {
        try {
          process.kill(pid, signal);
        } catch {
          // It has exited.
        }
      },
    };
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
