/** A process inside a namespace that makes sockets on request, and holds them until it is killed. */
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import type { TestNetns } from '../netns.ts';
import { AF, SOCK } from './constants.ts';
import { type Address, encodeAddress, familyOf } from './sockaddr.ts';

/** A descriptor in the workshop's process. */
export type Fd = number;

export class Workshop {
  /** Process id, for owner columns and `pid:` targets. */
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  private constructor(child: ChildProcess, answers: AsyncIterator<string>, pid: number) {
    this.#child = child;
    this.#answers = answers;
    this.pid = pid;
  }

  static async start(netns: Pick<TestNetns, 'spawnNode'>): Promise<Workshop> {
    const script = path.join(import.meta.dirname, 'workshop-main.ts');
    const child = netns.spawnNode(script, [], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (child.stdout === null) throw new Error('the workshop has no stdout');
    const answers = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await answers.next();
    if (first.done) throw new Error('the workshop exited before it was ready');
    return new Workshop(child, answers, (JSON.parse(first.value) as { result: number }).result);
  }

  /** Kills the process; the kernel closes its sockets. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }

  /** With `blocking` a connect() blocks the whole workshop. */
  socket(family: number, type: number, protocol = 0, blocking = false): Promise<Fd> {
    return this.#call('socket', family, type, protocol, blocking);
  }
  async bind(fd: Fd, address: Address): Promise<void> {
    await this.#call('bind', fd, hex(encodeAddress(address)));
  }
  async listen(fd: Fd, backlog: number): Promise<void> {
    await this.#call('listen', fd, backlog);
  }
  /** With `wait` false it returns before the connection is established. */
  async connect(fd: Fd, address: Address, wait = true): Promise<void> {
    await this.#call('connect', fd, hex(encodeAddress(address)), wait);
  }
  /** Waits for a connection and accepts it. */
  accept(fd: Fd): Promise<Fd> {
    return this.#call('accept', fd);
  }
  async shutdown(fd: Fd, how: number): Promise<void> {
    await this.#call('shutdown', fd, how);
  }
  async close(fd: Fd): Promise<void> {
    await this.#call('close', fd);
  }
  /** Sends up to `length` bytes. @returns the number that fit into the buffer; -1 for none */
  send(fd: Fd, length: number): Promise<number> {
    return this.#call('send', fd, length);
  }
  /** Waits for data and reads it. @returns the number of bytes; 0 at the end of the stream */
  recv(fd: Fd, room: number): Promise<number> {
    return this.#call('recv', fd, room);
  }
  async setsockopt(fd: Fd, level: number, name: number, ...values: number[]): Promise<void> {
    await this.#call('setsockopt', fd, level, name, ...values);
  }
  /** The local port of an internet socket. */
  port(fd: Fd): Promise<number> {
    return this.#call('port', fd);
  }
  /** The socket's inode, from fstat(2). */
  inode(fd: Fd): Promise<number> {
    return this.#call('inode', fd);
  }
  /** Changes the user of the process and of its future sockets. */
  async setuid(uid: number): Promise<void> {
    await this.#call('setuid', uid);
  }
  async chdir(directory: string): Promise<void> {
    await this.#call('chdir', directory);
  }

  /** A TCP socket bound to an address (port 0: any) and listening. */
  async tcpListener(host: string, port = 0, backlog = 128): Promise<{ fd: Fd; host: string; port: number }> {
    const fd = await this.socket(familyOf(host), SOCK.STREAM);
    await this.bind(fd, { host, port });
    await this.listen(fd, backlog);
    return { fd, host, port: await this.port(fd) };
  }

  /** A TCP connection to a listener of {@link tcpListener}, both ends held by the workshop. */
  async tcpPair(listener: { fd: Fd; host: string; port: number }, host = listener.host): Promise<Pair> {
    const client = await this.socket(familyOf(host), SOCK.STREAM);
    await this.connect(client, { host, port: listener.port });
    return { client, server: await this.accept(listener.fd), clientPort: await this.port(client) };
  }

  /** A UNIX socket of `type`, bound when `name` is given. */
  async unix(type: number, name?: Uint8Array): Promise<Fd> {
    const fd = await this.socket(AF.UNIX, type);
    if (name !== undefined) await this.bind(fd, { unix: name });
    return fd;
  }

  async #call(op: string, ...args: unknown[]): Promise<number> {
    this.#child.stdin?.write(`${JSON.stringify({ op, args })}\n`);
    const next = await this.#answers.next();
    if (next.done) throw new Error(`the workshop exited during ${op}`);
    const answer = JSON.parse(next.value) as { result?: number; error?: string; code?: string };
    if (answer.error !== undefined) throw Object.assign(new Error(answer.error), { code: answer.code });
    return answer.result ?? 0;
  }
}

/** Both ends of a connection. */
export interface Pair {
  client: Fd;
  server: Fd;
  clientPort: number;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
