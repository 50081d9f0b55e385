import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openScreen, type SuspendableScreen } from '../../../src/cli/open-screen.ts';
import type { ScreenEvent } from '../../../src/render/terminal/screen.ts';
import { TerminalModel } from '../../support/terminal-model.ts';

class FakeInput extends EventEmitter {
  isRaw = false;
  isPaused = true;
  readonly modes: boolean[] = [];

  setRawMode(raw: boolean): void {
    this.isRaw = raw;
    this.modes.push(raw);
  }
  setEncoding(): void {}
  resume(): void {
    this.isPaused = false;
  }
  pause(): void {
    this.isPaused = true;
  }
}

class FakeOutput extends EventEmitter {
  columns = 20;
  rows = 3;
  readonly writes: string[] = [];
  readonly model = new TerminalModel(20, 3);

  write(text: string): void {
    this.writes.push(text);
    this.model.write(text);
  }
}

let input: FakeInput;
let output: FakeOutput;
let events: ScreenEvent[];
let screen: SuspendableScreen;

beforeEach(() => {
  vi.useFakeTimers();
  input = new FakeInput();
  output = new FakeOutput();
  output.model.write('before');
  events = [];
  screen = openScreen({ input, output, colour: true }, (event) => events.push(event));
});
afterEach(() => {
  screen.close();
  vi.useRealTimers();
});

const key = (name: string): ScreenEvent => ({ kind: 'key', key: name });

describe('openScreen', () => {
  it('takes the alternate screen, hides the cursor, reads raw input', () => {
    expect(output.model.modes).toMatchObject({ 1049: true, 25: false, 7: false, 2004: true });
    expect(output.model.lines()).toEqual(['', '', '']);
    expect(input).toMatchObject({ isRaw: true, isPaused: false });
  });

  it('shows a frame with one write; the same frame again writes nothing', () => {
    const before = output.writes.length;
    screen.show([[{ text: 'one' }], [{ text: 'two' }]]);
    expect(output.writes).toHaveLength(before + 1);
    expect(output.model.lines()).toEqual(['one', 'two', '']);
    screen.show([[{ text: 'one' }], [{ text: 'two' }]]);
    expect(output.writes).toHaveLength(before + 1);
  });

  it('close restores everything, once', () => {
    screen.show([[{ text: 'one' }]]);
    screen.close();
    expect(output.model.isRestored).toBe(true);
    expect(output.model.lines()[0]).toBe('before');
    expect(input).toMatchObject({ isRaw: false, isPaused: true });
    expect(input.listenerCount('data')).toBe(0);
    const writes = output.writes.length;
    screen.close();
    screen.show([[{ text: 'late' }]]);
    screen.resume();
    expect(output.writes).toHaveLength(writes);
  });

  it('suspend restores everything, resume takes it again and asks for a whole frame', () => {
    screen.show([[{ text: 'one' }]]);
    screen.suspend();
    expect(output.model.isRestored).toBe(true);
    expect(output.model.lines()[0]).toBe('before');
    screen.show([[{ text: 'not now' }]]);
    expect(output.model.lines()[0]).toBe('before');
    screen.resume();
    expect(events).toEqual([{ kind: 'resize' }]);
    screen.show([[{ text: 'one' }]]);
    expect(output.model.lines()[0]).toBe('one');
    expect(input.isRaw).toBe(true);
  });

  it('resume without suspend (SIGSTOP, SIGCONT) sets all modes again and leaves the normal screen unchanged', () => {
    output.model.modes['25'] = true;
    input.modes.length = 0;
    screen.resume();
    // Node does not set a mode that it believes is set.
    expect(input.modes).toEqual([false, true]);
    expect(output.model.modes).toMatchObject({ 1049: true, 25: false, 7: false, 2004: true });
    expect(output.writes.at(-1)).not.toContain('1049');
    screen.close();
    expect(output.model.lines()[0]).toBe('before');
  });

  it('ESC alone becomes a key after 50 ms, not before', () => {
    input.emit('data', '\x1b');
    vi.advanceTimersByTime(49);
    expect(events).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(events).toEqual([key('escape')]);
    input.emit('data', '\x1b');
    vi.advanceTimersByTime(30);
    input.emit('data', '[A');
    vi.advanceTimersByTime(100);
    expect(events).toEqual([key('escape'), key('up')]);
  });

  it('reports resizes; the next frame fills the new size', () => {
    screen.show([[{ text: 'one' }], [{ text: 'two' }], [{ text: 'three' }]]);
    output.columns = 4;
    output.rows = 2;
    output.model.resize(4, 2);
    output.emit('resize');
    expect(events).toEqual([{ kind: 'resize' }]);
    expect(screen.size).toEqual({ columns: 4, rows: 2 });
    screen.show([[{ text: 'one' }], [{ text: 'three' }]]);
    expect(output.model.lines()).toEqual(['one', 'thr…']);
  });

  it('takes 80x24 for a terminal that does not know its size', () => {
    output.columns = 0;
    output.rows = 0;
    expect(screen.size).toEqual({ columns: 80, rows: 24 });
  });

  it('reports that the terminal was closed: its input ended, or writing to it failed', () => {
    input.emit('end');
    output.emit('error', new Error('EIO'));
    expect(events).toEqual([{ kind: 'closed' }, { kind: 'closed' }]);
    // Restoring it may fail again, which must not become an exception.
    screen.close();
    output.emit('error', new Error('EIO'));
    input.emit('error', new Error('EIO'));
  });
});
