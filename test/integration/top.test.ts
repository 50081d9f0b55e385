/** `top` on a real pseudo-terminal: the screen after keys, against the counts of `ss`. */
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LAUNCHER, socklens } from '../support/cli.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { Workshop } from '../support/recipes/workshop.ts';
import { type TerminalSize, TestTerminal } from '../support/terminal.ts';

const SMALL: TerminalSize = { columns: 80, rows: 24 };
const LARGE: TerminalSize = { columns: 200, rows: 60 };
/** Connections that both sides hold, and such of which one side is closed. */
const OPEN = 4;
const HALF_CLOSED = 3;
/** shutdown(2). */
const SHUT_WR = 1;

let busy: TestNetns;
let quiet: TestNetns;
let workshop: Workshop;
let quietWorkshop: Workshop;
let port: number;
let terminal: TestTerminal | undefined;

beforeAll(async () => {
  busy = createNetns();
  quiet = createNetns();
  workshop = await Workshop.start(busy);
  quietWorkshop = await Workshop.start(quiet);
  const listener = await workshop.tcpListener('127.0.0.1');
  port = listener.port;
  for (let index = 0; index < OPEN; index++) await workshop.tcpPair(listener);
  for (let index = 0; index < HALF_CLOSED; index++) {
    const { client } = await workshop.tcpPair(listener);
    await workshop.shutdown(client, SHUT_WR);
  }
  await until('CLOSE_WAIT', () => counted('close-wait') === HALF_CLOSED);
});
afterEach(() => {
  terminal?.close();
  terminal = undefined;
});
afterAll(async () => {
  await workshop?.stop();
  await quietWorkshop?.stop();
  busy?.remove();
  quiet?.remove();
});

/** Sockets in a state, or of all, as ss counts them. */
function counted(state?: string, netns = busy): number {
  const text = netns.run('ss', '-tanH', ...(state === undefined ? [] : ['state', state])).trim();
  return text === '' ? 0 : text.split('\n').length;
}

const both = () => `netns:${busy.name},netns:${quiet.name}`;

/** Starts top in a terminal and waits for its last line. */
async function startTop(args: string, size = SMALL, env: Record<string, string> = {}): Promise<TestTerminal> {
  const started = await TestTerminal.start(size, env);
  terminal = started;
  started.run(`clear; echo BEFORE; ${LAUNCHER} top ${args}; echo "status $?"`);
  await started.until('the keys', (lines) => isTop(lines) && !lines[0]?.includes('reading …'));
  return started;
}

const isTop = (lines: string[]) =>
  lines[0]?.startsWith('socklens top') === true && lines.at(-1)?.startsWith('F1Help') === true;
const has = (text: string) => (lines: string[]) => lines.some((line) => line.includes(text));
const rowOf = (lines: string[], text: string) => lines.find((line) => line.includes(text)) ?? '';
const numbers = (line: string) => (line.replace(/\[.*?\]/g, ' ').match(/\b\d+\b/g) ?? []).map(Number);
const isRow = (line: string) => line.startsWith('netns:');
/** Whether a row names a namespace, whose name 80 columns may shorten in the middle. */
function isNamed(row: string, { name }: TestNetns): boolean {
  const [start = '', end = ''] = (row.split(' ')[0] ?? '').split('…');
  return start.length > 4 && `netns:${name}`.startsWith(start) && name.endsWith(end);
}

/** Nothing is wider than the terminal, and every line is where it belongs. */
function expectWhole(lines: string[], { columns, rows }: TerminalSize): void {
  expect(lines).toHaveLength(rows);
  expect(lines.filter((line) => [...line].length > columns)).toEqual([]);
  expect(lines[0]).toMatch(/^socklens top .*\d\d:\d\d:\d\d$/);
  expect(lines.filter((line) => line.startsWith('socklens top'))).toHaveLength(1);
  expect(lines.filter((line) => line.startsWith('F1Help'))).toEqual([lines.at(-1)]);
}

/** The shell's alternate-screen, cursor and wrap flags, read from tmux. */
const SHELL_FLAGS = { alternate: false, cursor: true, wrap: true };

/** The terminal is in the shell's mode, and echoes typed text. */
async function expectRestored(top: TestTerminal, lines?: unknown[]): Promise<void> {
  if (lines !== undefined) {
    const shown = await top.until('the prompt', (all) => all.some((line) => line.startsWith('ready>')));
    expect(shown.filter((line) => line !== '')).toEqual(lines);
  }
  expect(top.flags()).toEqual(SHELL_FLAGS);
  top.type('echoed');
  await top.until('the echo', has('ready> echoed'));
}

/** The end of synchronized output, which each frame has once. */
const END_UPDATE = '\x1b[?2026l';

describe('top', () => {
  it('namespaces with their counts, one entered: its peers, then their sockets, and back', async () => {
    // The kernel counts an orphaned FIN_WAIT2 entry as TIME_WAIT.
    const { client } = await quietWorkshop.tcpPair(await quietWorkshop.tcpListener('127.0.0.1'));
    await quietWorkshop.close(client);
    await until('FIN_WAIT2', () => counted('fin-wait-2', quiet) === 1);
    const top = await startTop(both());
    const overview = await top.until('both rows', (lines) => lines.filter(isRow).length === 2);
    expect(counted(undefined, quiet)).toBe(3);
    expect(rowOf(overview, ' 3 [')).toMatch(/\] +0 +1 +0 \[/);
    expectWhole(overview, SMALL);
    const heading = rowOf(overview, 'Socks').split(/\s+/);
    expect(heading).toEqual(expect.arrayContaining(['Estab', 'CloseWait', 'TimeWait', 'Descriptors']));
    // Ordered by sockets: the busy one comes first. Without its bars the row is name, sockets, states.
    const row = overview[overview.indexOf(rowOf(overview, 'Socks')) + 1] ?? '';
    expect([row, isNamed(row, busy), isNamed(row, quiet)]).toEqual([row, true, false]);
    const [, all, , estab, closeWait] = /^(?:\S+)\s+(\d+)\s+\[(.*?)\]\s+(\d+)\s+(\d+)\s+\d+/.exec(row) ?? [];
    expect([Number(all), Number(estab), Number(closeWait)]).toEqual([
      counted(),
      counted('established'),
      counted('close-wait'),
    ]);

    top.press('Enter');
    const peers = await top.until('the peers', has('localhost'));
    expectWhole(peers, SMALL);
    const outgoing = rowOf(peers, `→ ${port}`);
    const incoming = rowOf(peers, `← ${port}`);
    expect(numbers(outgoing.replace(String(port), ''))).toEqual([OPEN + HALF_CLOSED, OPEN, 0, 0]);
    expect(numbers(incoming.replace(String(port), ''))).toEqual([OPEN + HALF_CLOSED, OPEN, HALF_CLOSED, 0]);
    // The last column is a spark line.
    expect(incoming).toMatch(/[▁▂▃▄▅▆▇█]$/);

    top.type('/');
    top.type(`← ${port}`);
    top.press('Enter', 'Enter');
    const sockets = await top.until('the sockets', has('ESTABLISHED'));
    expectWhole(sockets, SMALL);
    expect(sockets.filter((line) => line.includes('ESTABLISHED'))).toHaveLength(OPEN);
    expect(sockets.filter((line) => line.includes('CLOSE_WAIT'))).toHaveLength(HALF_CLOSED);
    expect(rowOf(sockets, 'CLOSE_WAIT')).toContain(`${workshop.pid}/`);

    top.press('Escape');
    await top.until('the peers again', has(': peers'));
    top.press('q');
    await top.until('the overview again', has('2 rows'));
  });

  it('an invalid filter is marked at the position of its error; a valid one filters the counts', async () => {
    const top = await startTop(`netns:${busy.name}`);
    await top.until('the peers', has(': peers'));
    top.press('F4');
    top.type('state close-wat');
    top.press('Enter');
    const refused = await top.until('the mark', has('^'));
    const typed = refused.findIndex((line) => line.startsWith('Filter: state close-wat'));
    const mark = refused[typed + 1] ?? '';
    expect(mark.indexOf('^')).toBe('Filter: state '.length);
    expect(mark.trim()).toBe('^'.repeat('close-wat'.length));
    expect(refused.slice(typed + 2).join(' ')).toContain('close-wait');

    top.press('C-u');
    top.type('state close-wait');
    top.press('Enter');
    const filtered = await top.until('the filtered counts', (lines) => /Sockets \[.*\] 3$/.test(lines[1] ?? ''));
    expect(filtered.some((line) => line.startsWith('Filter: state close-wait'))).toBe(true);
    expect(filtered.filter((line) => line.includes(`← ${port}`))).toHaveLength(1);
    expect(filtered.some((line) => line.includes(`→ ${port}`))).toBe(false);

    // An unknown host is an error of the name lookup.
    top.press('\\', 'C-u');
    top.type('dst nobody.invalid');
    top.press('Enter');
    await top.until('what is wrong with the name', (lines) => has('nobody.invalid')(lines) && has('^')(lines));
    top.press('C-u', 'Enter');
    await top.until('all again', (lines) => lines[1]?.endsWith(` ${counted()}`) === true);
  });

  it('sorts by the column of the menu, by keys, and the other way round', async () => {
    const top = await startTop(both());
    const firstRow = (lines: string[]) => lines[lines.findIndex((line) => line.startsWith('Name')) + 1] ?? '';
    const socketsOf = (lines: string[]) => Number(/^\S+\s+(\d+)/.exec(firstRow(lines))?.[1]);
    await top.until('most sockets first', (lines) => socketsOf(lines) === counted());
    top.type('I');
    await top.until('fewest first', (lines) => socketsOf(lines) === counted(undefined, quiet));
    top.press('F6');
    const menu = await top.until('the menu', has('Sort by'));
    expect(menu.at(-1)).toMatch(/^EnterSort/);
    top.press('Home', 'Down', 'Enter');
    await top.until('most first again', (lines) => socketsOf(lines) === counted());
    top.type('N');
    await top.until('by name', (lines) => lines.some((line) => line.startsWith('Name▽')));
  });

  it('pause, help, intervals and search', async () => {
    const top = await startTop(both());
    top.press('Space');
    const paused = await top.until('the pause', has('PAUSED'));
    const clock = paused[0]?.slice(-8);
    top.press('F1');
    const help = await top.until('the help', has('press any key to close'));
    expectWhole(help, SMALL);
    for (const text of ['F4 \\', 'F10 Ctrl-C', 'Age: time since']) expect(help.join('\n')).toContain(text);
    top.press('x');
    const after = await top.until('the list', has('Descriptors'));
    expect(after[0]?.slice(-8)).toBe(clock);
    top.type('p');
    await top.until('ticks again', (lines) => !has('PAUSED')(lines) && lines[0]?.slice(-8) !== clock);
    top.type('-');
    await top.until('faster', has('every 500ms'));
    top.type('+');
    await top.until('slower', has('every 1s'));
  });

  it('a terminal that grows and shrinks is filled, nothing wraps', async () => {
    const top = await startTop(both());
    expectWhole(await top.until('the list', has('Descriptors')), SMALL);
    top.resize(LARGE);
    const large = await top.until(
      'the large screen',
      (lines) => lines.length === LARGE.rows && isTop(lines) && has('Runtime')(lines),
    );
    expectWhole(large, LARGE);
    expect(rowOf(large, `netns:${busy.name}`)).not.toBe('');
    const heading = rowOf(large, 'Socks');
    for (const title of ['Listen', 'Syn', 'Closing', 'Trend', 'Open/s', 'Age']) expect(heading).toContain(title);
    top.press('Enter');
    expectWhole(await top.until('the peers', has('localhost')), LARGE);
    top.press('F5');
    expectWhole(await top.until('the sockets', has('ESTABLISHED')), LARGE);
    top.resize(SMALL);
    const small = await top.until(
      'the small screen',
      (lines) => lines.length === SMALL.rows && isTop(lines) && has('ESTABLISHED')(lines),
    );
    expectWhole(small, SMALL);
    top.resize({ columns: 40, rows: 10 });
    const tiny = await top.until('the tiny screen', (lines) => lines.length === 10 && isTop(lines));
    expectWhole(tiny, { columns: 40, rows: 10 });
  });

  it.each([
    ['F10', (top: TestTerminal) => top.press('F10')],
    ['Ctrl-C', (top: TestTerminal) => top.press('C-c')],
    ['SIGTERM', (top: TestTerminal) => void process.kill(top.foreground(), 'SIGTERM')],
  ])('%s restores the terminal', async (_, quit) => {
    const top = await startTop(both());
    quit(top);
    await top.until("the shell's screen", has('status 0'));
    await expectRestored(top, ['BEFORE', 'status 0', expect.stringMatching(/^ready>/)]);
  });

  it.each([
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ] as const)('%s ends it at once and restores the terminal', async (signal, status) => {
    const top = await startTop(both());
    process.kill(top.foreground(), signal);
    const lines = await top.until("the shell's screen", has(`status ${status}`));
    expect(lines[0]).toBe('BEFORE');
    await expectRestored(top);
  });

  it('two SIGTERMs at once restore the terminal', async () => {
    const top = await startTop(both());
    const pid = top.foreground();
    process.kill(pid, 'SIGTERM');
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      // The first one was enough.
    }
    await top.until("the shell's screen", (lines) => /^status (0|143)$/m.test(lines.join('\n')));
    await expectRestored(top);
  });

  it.each([
    ['throw', 1, 'nobody catches this'],
    ['exit', 3, ''],
  ])('a process that ends by %s restores the terminal, and what it prints can be read', async (how, status, text) => {
    const started = await TestTerminal.start(SMALL);
    terminal = started;
    const main = path.resolve(import.meta.dirname, 'screen-crash-main.ts');
    started.run(`clear; echo BEFORE; ${process.execPath} ${main} ${how}; echo "status $?"`);
    await started.until('the screen', has('the screen is open'));
    started.press('x');
    const lines = await started.until("the shell's screen", has(`status ${status}`));
    expect(lines[0]).toBe('BEFORE');
    expect(lines.join('\n')).toContain(text);
    await expectRestored(started);
  });

  it('Ctrl-Z restores the terminal, fg takes it again', async () => {
    const top = await startTop(both());
    const shown = await top.until('both rows', (lines) => lines.filter(isRow).length === 2);
    top.press('C-z');
    const stopped = await top.until("the shell's screen", has('Stopped'));
    expect(stopped[0]).toBe('BEFORE');
    expect(stopped.some((line) => line.startsWith('socklens top'))).toBe(false);
    expect(top.flags()).toEqual(SHELL_FLAGS);
    top.type('echoed');
    await top.until('the echo', has('ready> echoed'));
    top.press('C-u');
    top.resize(LARGE);
    top.run('fg');
    const again = await top.until('the screen again', (lines) => lines.length === LARGE.rows && isTop(lines));
    expect(again.filter(isRow)).toHaveLength(shown.filter(isRow).length);
    top.press('Down', 'F1');
    await top.until('the help', has('press any key to close'));
    top.press('F10');
    await top.until("the shell's screen", (lines) => !lines.some((line) => line.startsWith('socklens top')));
    await expectRestored(top);
  });

  it('SIGSTOP and fg: the screen is drawn again over the output of the shell', async () => {
    const top = await startTop(both());
    process.kill(top.foreground(), 'SIGSTOP');
    await top.until('the shell', has('Stopped'));
    top.run('fg');
    const again = await top.until('the whole screen', (lines) => isTop(lines) && !has('Stopped')(lines));
    expectWhole(again, SMALL);
    top.press('F10');
    await top.until("the shell's screen", has('BEFORE'));
    await expectRestored(top);
  });

  it('a paste goes into the prompt as text; elsewhere its characters are no commands', async () => {
    const top = await startTop(both());
    top.paste('q\n');
    top.press('F4');
    top.paste('state\nclose-wait');
    await top.until('the pasted filter', has('Filter: state close-wait'));
    top.press('Enter');
    const expected = counted('close-wait') + counted('close-wait', quiet);
    await top.until('the filtered counts', (lines) => lines[1]?.endsWith(`] ${expected}`) === true);
  });

  it('a terminal of 10x3 is filled and can be left', async () => {
    const tiny = { columns: 10, rows: 3 };
    const top = await startTop(both());
    top.resize(tiny);
    const lines = await top.until(
      'the tiny screen',
      (lines) => lines.length === 3 && lines.at(-1)?.startsWith('F1') === true,
    );
    expect(lines.filter((line) => [...line].length > tiny.columns)).toEqual([]);
    top.press('Down', 'Enter', 'Escape', 'F6', 'Escape', 'F4', 'Escape');
    top.resize(SMALL);
    await top.until('the small screen', (lines) => lines.length === SMALL.rows && isTop(lines));
    top.press('F10');
    await top.until("the shell's screen", (lines) => !lines.some((line) => line.startsWith('socklens top')));
    await expectRestored(top);
  });

  it('the first frame is there before anything is read, and keys that are typed then are not lost', async () => {
    const started = await TestTerminal.start(SMALL);
    terminal = started;
    using output = started.captureOutput();
    started.run(`${LAUNCHER} top ${both()}`);
    await until('the first frame', () => output.text().includes('reading …'));
    const [before = ''] = output.text().split('reading …');
    expect(before.slice(before.indexOf('\x1b[?1049h'))).not.toMatch(/Socks|netns:/);
    started.press('Down', 'Space');
    const lines = await started.until('the pause', has('PAUSED'));
    expect(lines.filter(isRow)).toHaveLength(2);
  });

  it('while nothing changes, nothing is written', async () => {
    const top = await startTop(both());
    using output = top.captureOutput();
    top.press('Space');
    // To the end of the frame, which the screen may show before it is complete.
    const isPaused = () => output.text().includes('PAUSED') && output.text().endsWith(END_UPDATE);
    await until('the pause', isPaused);
    const before = output.text().length;
    const written = () => output.text().slice(before);
    // The selection is on the first row already: only the last key changes something, the colour of two rows.
    top.press('Up', 'Up', 'Home', 'F9', 'Down');
    await until('the end of a frame', () => written().includes(END_UPDATE));
    expect(written().split(END_UPDATE)).toHaveLength(2);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are the point
    expect(written().match(/\x1b\[\d+;1H/g)).toHaveLength(2);
  });

  it('an error gives the screen back, then says itself', async () => {
    using short = createNetns();
    const lonely = await Workshop.start(short);
    const started = await TestTerminal.start(SMALL);
    terminal = started;
    started.run(`clear; echo BEFORE; ${LAUNCHER} top netns:nobody; echo "status $?"`);
    const lines = await started.until('the status', has('status 3'));
    expect(lines.slice(0, 2)).toEqual(['BEFORE', expect.stringMatching(/^socklens: .*nobody/)]);
    await lonely.stop();
  });

  it('NO_COLOR: letters replace the colours of states', async () => {
    const top = await startTop(`netns:${busy.name}`, SMALL, { NO_COLOR: '1' });
    const lines = await top.until('the peers', has('localhost'));
    expect(lines[1]).toMatch(/^Sockets \[E+L+C+F+\] +\d+$/);
    const coloured = top.colouredText();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are the point
    expect(coloured.match(/\x1b\[[\d;]*m/g)?.filter((code) => /[[;](3[0-7]|4[0-7]|9\d|10\d)/.test(code))).toEqual([]);
    // The bar under the chosen row needs no colour.
    expect(coloured).toContain('\x1b[7m');
  });

  it('without a terminal it says so', () => {
    const { status, stderr } = socklens(['top', 'host']);
    expect([status, stderr]).toEqual([2, 'socklens: top needs an interactive terminal; socklens watch prints lines\n']);
  });
});
