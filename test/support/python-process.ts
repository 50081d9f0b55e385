/** A Python process that does what a test tells it: what Node cannot, such as fork, and passing a descriptor on. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestNetns } from './netns.ts';

/** Runs each line of stdin, a JSON string of statements, and answers with the JSON of `answer`. */
const LOOP = `
import json, os, signal, socket, sys
def pass_on(path, held):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        socket.send_fds(s, [b'x'], [held.fileno()])
        s.recv(1)
def receive(server):
    s, _ = server.accept()
    _, fds, _, _ = socket.recv_fds(s, 1, 1)
    s.send(b'x')
    s.close()
    return socket.socket(fileno=fds[0])
def rename(name):
    with open('/proc/self/comm', 'w') as f:
        f.write(name)
def inode(held):
    return os.fstat(held.fileno()).st_ino
def listener():
    s = socket.socket()
    s.bind(('127.0.0.1', 0))
    s.listen()
    return s
names = globals()
for line in sys.stdin:
    names['answer'] = None
    exec(json.loads(line), names)
    print(json.dumps(names['answer']), flush=True)
`;

/** A running Python. Its statements share their variables. */
export class PythonProcess {
  readonly #child: ChildProcess;
  #text = '';
  #waiting: ((answer: unknown) => void)[] = [];

  /**
   * @param netns where it runs; undefined for the namespace of the test
   * @param words further ones of its command line, which mean nothing to it
   */
  constructor(netns?: TestNetns, words: readonly string[] = []) {
    const args = ['-c', LOOP, ...words];
    this.#child = netns === undefined ? spawn('python3', args) : netns.spawn('python3', args, { stdio: 'pipe' });
    this.#child.stderr?.pipe(process.stderr);
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#take(String(chunk)));
  }

  /** Runs statements. @returns what they assigned to `answer` */
  async run<T = null>(statements: string): Promise<T> {
    const answer = new Promise<unknown>((resolve) => this.#waiting.push(resolve));
    this.#child.stdin?.write(`${JSON.stringify(statements)}\n`);
    return (await answer) as T;
  }

  /** Kills it. @returns when it was reaped */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }

  #take(text: string): void {
    this.#text += text;
    const lines = this.#text.split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) this.#waiting.shift()?.(JSON.parse(line));
  }
}

/** Statements that fork a child, which waits for a signal; `answer` is its PID. `first` runs in the child. */
export function forked(first = 'pass'): string {
  const inChild = first
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
  return `child = os.fork()\nif child == 0:\n${inChild}\n    while True: signal.pause()\nanswer = child`;
}
