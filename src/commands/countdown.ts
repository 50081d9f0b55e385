import { cutToWidth } from '../base/display-width.ts';
import { durationText } from '../base/duration.ts';
import { safeText } from '../base/safe-text.ts';
import type { CommandContext, Output } from './context.ts';
import { TerminalLine } from './terminal-line.ts';

/** What a command waits for. */
export interface Waiting {
  /** `sampling web-1`; a function where it changes meanwhile. */
  doing: string | (() => string);
  /** How long it takes, milliseconds; undefined where nobody knows: then the elapsed time is shown. */
  forMs: number | undefined;
  /** What Ctrl-C does, in a few words; undefined where it ends the program. */
  onStop?: string;
}

/** Waiting for less than this, in milliseconds, needs no countdown. */
const PATIENCE_MS = 1000;
const REFRESH_MS = 250;

/**
 * Waits for work, and shows on stderr what is waited for and how long it still takes: only on a terminal, and only when
 * it takes longer than a second. The line is erased before the work's result is returned.
 *
 * @param work gets the context to write with: it erases the line first
 */
export async function withCountdown<Context extends Pick<CommandContext, 'out' | 'err'>, Result>(
  context: Context,
  waiting: Waiting,
  work: (context: Context) => Promise<Result>,
): Promise<Result> {
  const line = new TerminalLine(context.err);
  if (!line.isOn || (waiting.forMs !== undefined && waiting.forMs <= PATIENCE_MS)) return work(context);
  const beginMs = performance.now();
  const draw = () => line.draw(countdownText(waiting, performance.now() - beginMs, line.width));
  if (waiting.forMs !== undefined) draw();
  const timer = setInterval(() => {
    if (waiting.forMs !== undefined || performance.now() - beginMs > PATIENCE_MS) draw();
  }, REFRESH_MS);
  try {
    const erasing = (output: Output): Output => ({
      ...output,
      write(text) {
        line.erase();
        output.write(text);
      },
    });
    return await work({ ...context, out: erasing(context.out), err: erasing(context.err) });
  } finally {
    clearInterval(timer);
    line.erase();
  }
}

/** `sampling web-1: 7s left (Ctrl-C: result so far)`; what does not fit into `width` is cut before the colon. */
export function countdownText({ doing, forMs, onStop }: Waiting, elapsedMs: number, width: number): string {
  const hint = onStop === undefined ? '' : ` (Ctrl-C: ${onStop})`;
  const what = typeof doing === 'string' ? doing : doing();
  const end = `: ${forMs === undefined ? wholeSeconds(elapsedMs) : leftText(forMs - elapsedMs)}${hint}`;
  return cutToWidth(safeText(what), width - end.length) + end;
}

/** `7s left`; `finishing` when the time is up. */
export function leftText(leftMs: number): string {
  return leftMs <= 0 ? 'finishing' : `${durationText(Math.ceil(leftMs / 1000) * 1000)} left`;
}

/** An elapsed time in whole seconds. */
export function wholeSeconds(ms: number): string {
  return durationText(Math.max(1, Math.round(ms / 1000)) * 1000);
}
