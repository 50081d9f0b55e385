/** What a command shows on a terminal while it waits, and that nothing of it is left. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LAUNCHER } from '../support/cli.ts';
import { createNetns, removeAllNetns, type TestNetns } from '../support/netns.ts';
import { TestTerminal } from '../support/terminal.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-waiting-'));
let netns: TestNetns;

beforeAll(() => {
  netns = createNetns();
});

afterAll(() => {
  removeAllNetns();
  fs.rmSync(folder, { recursive: true, force: true });
});

async function inTerminal(env: Record<string, string>, run: (terminal: TestTerminal) => Promise<void>): Promise<void> {
  const terminal = await TestTerminal.start({ columns: 100, rows: 24 }, env);
  try {
    await run(terminal);
  } finally {
    terminal.close();
  }
}

const isPrompt = (line: string) => line.startsWith('ready>');

test('doctor: counts down, Ctrl-C gives the result so far, the verdict is the first line', async () => {
  await inTerminal({}, async (terminal) => {
    terminal.run(`clear; ${LAUNCHER} doctor netns:${netns.name} --for 10m --rule ORPHANS`);
    const line = `sampling netns:${netns.name}: `;
    const left = (lines: string[]) => {
      const shown = lines.find((text) => text.startsWith(line))?.slice(line.length);
      const [, minutes, seconds] = /^(\d+)m(\d\d)s left/.exec(shown ?? '') ?? [];
      return minutes === undefined ? undefined : 60 * Number(minutes) + Number(seconds);
    };
    // On a busy machine the first second may be over when it is looked at.
    const first = left(await terminal.until('the countdown', (lines) => left(lines) !== undefined)) ?? 0;
    expect(first).toBeLessThanOrEqual(600);
    expect(first).toBeGreaterThan(540);
    await terminal.until('a later second', (lines) => (left(lines) ?? first) < first);
    terminal.press('C-c');
    const lines = await terminal.until('the prompt', (shown) => shown.filter(isPrompt).length > 0);
    const shown = lines.slice(0, lines.findIndex(isPrompt)).filter((text) => !text.includes('^C'));
    expect(shown[0]).toContain(`No problems found: netns:${netns.name}, sampled for `);
    expect(lines.join('\n')).not.toContain('left');
    expect(terminal.colouredText()).toContain('\u001b[32mNo problems found');
  });
});

test('record: shows what it has recorded and how to stop, and nothing of it is left', async () => {
  await inTerminal({}, async (terminal) => {
    const file = path.join(folder, 'shown.slr');
    terminal.run(`clear; ${LAUNCHER} record netns:${netns.name} -o ${file} --interval 100ms`);
    const line = (text: string) => (lines: string[]) => lines.some((shown) => shown.includes(text));
    await terminal.until('the progress', line(`recording netns:${netns.name}, `));
    await terminal.until('how to stop', line('(Ctrl-C: stop)'));
    terminal.press('C-c');
    const lines = await terminal.until('the prompt', (shown) => shown.some(isPrompt));
    expect(lines.join('\n')).toMatch(/shown\.slr: \d+ samples, /);
    expect(lines.join('\n')).not.toContain('(Ctrl-C');
  });
});

test('doctor: no colours with NO_COLOR', async () => {
  await inTerminal({ NO_COLOR: '1' }, async (terminal) => {
    terminal.run(`clear; ${LAUNCHER} doctor netns:${netns.name} --for 1s --rule ORPHANS`);
    await terminal.until('the verdict', (lines) => lines.some((line) => line.startsWith('No problems found')));
    expect(terminal.colouredText()).not.toContain('\u001b[32m');
  });
});
