import { Box, render, Text } from 'ink';
import { createElement } from 'react';
import { readKeys } from '../present/top/keys.ts';
import { paint } from '../present/top/paint.ts';
import type { Line, Screen, ScreenEvent } from '../present/top/screen.ts';

/** A terminal to take over. */
export interface Terminal {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  /** False where no colour is wanted: NO_COLOR. */
  colour: boolean;
}

/** How long the rest of an escape sequence may take; a single ESC is the Escape key after it. */
const ESCAPE_MS = 50;

/**
 * Takes a terminal over: its alternate screen, and its keys one by one. What happens comes to the
 * listener. The keys are read here, for ink tells its users of no function keys.
 */
export function openScreen({ stdin, stdout, colour }: Terminal, listener: (event: ScreenEvent) => void): Screen {
  const ink = render(createElement(Box), {
    ...{ stdin, stdout, interactive: true, alternateScreen: true, incrementalRendering: true },
    ...{ exitOnCtrlC: false, patchConsole: false, isScreenReaderEnabled: false },
  });
  const endKeys = listenToKeys(stdin, (key) => listener({ kind: 'key', key }));
  const resized = () => listener({ kind: 'resize' });
  stdout.on('resize', resized);
  let closed = false;
  return {
    colour,
    get size() {
      return { columns: stdout.columns || 80, rows: stdout.rows || 24 };
    },
    show(lines) {
      if (!closed) ink.rerender(createElement(Lines, { lines, colour }));
    },
    async close() {
      if (closed) return;
      closed = true;
      stdout.off('resize', resized);
      endKeys();
      ink.unmount();
      await ink.waitUntilExit();
    },
  };
}

/** Lines below each other, each cut at the edge. */
function Lines({ lines, colour }: { lines: readonly Line[]; colour: boolean }) {
  return createElement(
    Box,
    { flexDirection: 'column' },
    // A line is known by where it stands.
    lines.map((line, index) => createElement(Text, { key: index, wrap: 'truncate' }, paint(line, colour) || ' ')),
  );
}

/** Reads keys until the returned function is called. */
function listenToKeys(stdin: NodeJS.ReadStream, listener: (key: string) => void): () => void {
  let begun = '';
  let timer: NodeJS.Timeout | undefined;
  const take = (input: string, complete: boolean) => {
    clearTimeout(timer);
    const { keys, rest } = readKeys(begun + input, complete);
    begun = rest;
    if (rest !== '') timer = setTimeout(() => take('', true), ESCAPE_MS);
    for (const key of keys) listener(key);
  };
  const read = (chunk: string) => take(chunk, false);
  stdin.setEncoding('utf8');
  stdin.setRawMode(true);
  stdin.on('data', read);
  return () => {
    clearTimeout(timer);
    stdin.off('data', read);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
