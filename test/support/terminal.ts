/** A real terminal for tests: a pseudo-terminal in tmux, whose screen can be read. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { threadId } from 'node:worker_threads';
import { until } from './netns.ts';

let counter = 0;

/** The shell's prompt; no tested program prints it. */
const PROMPT = 'ready> ';

export interface TerminalSize {
  columns: number;
  rows: number;
}

/** A shell in a terminal. {@link close} ends both. */
export class TestTerminal {
  readonly #server: string;

  private constructor(server: string) {
    this.#server = server;
  }

  /** @param env added to the shell's environment */
  static async start(
    { columns, rows }: TerminalSize,
    env: Readonly<Record<string, string>> = {},
  ): Promise<TestTerminal> {
    const terminal = new TestTerminal(`socklens-test-${process.pid}-${threadId}-${counter++}`);
    const settings = Object.entries({ PROMPT_COMMAND: `PS1='${PROMPT}'`, ...env }).flatMap(([name, value]) => [
      '-e',
      `${name}=${value}`,
    ]);
    const size = ['-x', String(columns), '-y', String(rows)];
    terminal.#tmux('-f', '/dev/null', 'new-session', '-d', ...size, ...settings, 'bash --norc --noprofile');
    await terminal.until('the shell', (lines) => lines.some((line) => line.startsWith(PROMPT.trim())));
    return terminal;
  }

  /** Presses keys, as tmux names them: `Enter`, `F6`, `Down`, `C-c`. */
  press(...keys: string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  /** Types a text literally. */
  type(text: string): void {
    this.#tmux('send-keys', '-l', text);
  }

  /** Types a shell command and Enter. */
  run(command: string): void {
    this.type(command);
    this.press('Enter');
  }

  /** The lines of the screen without trailing blanks. */
  lines(): string[] {
    return this.#tmux('capture-pane', '-p').split('\n').slice(0, -1);
  }

  /** As {@link lines}, where lines that the terminal wrapped are one. */
  unwrappedLines(): string[] {
    return this.#tmux('capture-pane', '-p', '-J')
      .split('\n')
      .map((line) => line.trimEnd());
  }

  /** As {@link lines}, with the escape sequences of colours and attributes. */
  colouredText(): string {
    return this.#tmux('capture-pane', '-p', '-e');
  }

  /** Pastes a text as a terminal does: in brackets where the program asked for that. */
  paste(text: string): void {
    this.#tmux('set-buffer', '-b', 'paste', text);
    this.#tmux('paste-buffer', '-p', '-r', '-d', '-b', 'paste');
  }

  /** State of the alternate screen, the cursor and wrapping. */
  flags(): { alternate: boolean; cursor: boolean; wrap: boolean } {
    const format = '#{alternate_on} #{cursor_flag} #{wrap_flag}';
    const [alternate, cursor, wrap] = this.#tmux('display-message', '-p', format).trim().split(' ');
    return { alternate: alternate === '1', cursor: cursor === '1', wrap: wrap === '1' };
  }

  /** Captures everything that is written to the terminal from now on. */
  captureOutput(): { text(): string } & Disposable {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-terminal-'));
    const file = path.join(folder, 'output');
    fs.writeFileSync(file, '');
    this.#tmux('pipe-pane', '-O', `exec cat >>'${file}'`);
    return {
      text: () => fs.readFileSync(file, 'utf8'),
      [Symbol.dispose]: () => fs.rmSync(folder, { recursive: true }),
    };
  }

  resize({ columns, rows }: TerminalSize): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Process id of the foreground program, a child of the shell. */
  foreground(): number {
    const shell = this.#tmux('display-message', '-p', '#{pane_pid}').trim();
    const [child] = execFileSync('pgrep', ['-P', shell], { encoding: 'utf8' }).trim().split('\n');
    return Number(child);
  }

  /** Waits for a state of the screen. @returns its lines */
  async until(what: string, check: (lines: string[]) => boolean): Promise<string[]> {
    let lines: string[] = [];
    try {
      return await until(what, () => {
        lines = this.lines();
        return check(lines) && lines;
      });
    } catch (error) {
      throw new Error(`${(error as Error).message}; the screen shows\n${lines.join('\n')}`);
    }
  }

  close(): void {
    try {
      this.#tmux('kill-server');
    } catch {
      // The shell has exited already.
    }
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-u', '-L', this.#server, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}
