import { describe, expect, test } from 'vitest';
import { countdownText, withCountdown } from '../../../src/commands/countdown.ts';
import { TerminalLine } from '../../../src/commands/terminal-line.ts';

function output(columns: number | undefined) {
  const written: string[] = [];
  return { columns, written, write: (text: string | Uint8Array) => void written.push(String(text)) };
}

describe('countdown', () => {
  test('seconds that are left, rounded up; the elapsed time where nobody knows how long it takes', () => {
    const sampling = { doing: 'sampling web', forMs: 10_000, onStop: 'result so far' };
    expect(countdownText(sampling, 0, 80)).toBe('sampling web: 10s left (Ctrl-C: result so far)');
    expect(countdownText(sampling, 2001, 80)).toBe('sampling web: 8s left (Ctrl-C: result so far)');
    expect(countdownText(sampling, 10_000, 80)).toBe('sampling web: finishing (Ctrl-C: result so far)');
    // How to stop is never cut.
    expect(countdownText(sampling, 0, 40)).toBe('sampl…: 10s left (Ctrl-C: result so far)');
    expect(countdownText({ doing: 'reading a.slr', forMs: undefined }, 3200, 80)).toBe('reading a.slr: 3s');
  });

  test('is drawn on a terminal and erased before the result', async () => {
    const err = output(80);
    expect(
      await withCountdown({ out: output(undefined), err }, { doing: 'sampling web', forMs: 5000 }, async () => 7),
    ).toBe(7);
    expect(err.written).toEqual(['sampling web: 5s left', '\r\u001b[2K']);
  });

  test('is erased before the work writes anything', async () => {
    const err = output(80);
    await withCountdown({ out: output(80), err }, { doing: () => 'recording', forMs: 5000 }, async (writing) => {
      writing.err.write('a note\n');
    });
    expect(err.written.slice(0, 3)).toEqual(['recording: 5s left', '\r\u001b[2K', 'a note\n']);
  });

  test('is erased when the work fails', async () => {
    const err = output(80);
    const failing = withCountdown({ out: output(undefined), err }, { doing: 'sampling', forMs: 5000 }, () =>
      Promise.reject(new Error('no')),
    );
    await expect(failing).rejects.toThrow('no');
    expect(err.written.at(-1)).toBe('\r\u001b[2K');
  });

  test.each([
    ['no terminal', undefined, 5000],
    ['a second or less', 80, 1000],
  ])('nothing is written: %s', async (_, columns, forMs) => {
    const err = output(columns);
    await withCountdown({ out: output(undefined), err }, { doing: 'sampling', forMs }, async () => undefined);
    expect(err.written).toEqual([]);
  });

  test('the line is cut to the terminal, and made safe', () => {
    const out = output(12);
    const line = new TerminalLine(out);
    line.draw('sampling \x1b a-long-name');
    expect(out.written[0]).toHaveLength(9);
    expect(out.written[0]).not.toContain('\x1b');
  });
});
