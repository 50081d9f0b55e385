import { durationText } from '../base/duration.ts';
import type { CommandContext } from './context.ts';
import { TerminalLine } from './terminal-line.ts';

/** What a command waits for. */
export interface Waiting {
  /** `sampling web-1`. */
  doing: string;
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
 */
export async function withCountdown<Result>(
  { err }: Pick<CommandContext, 'err'>,
  waiting: Waiting,
  work: () => Promise<Result>,
): Promise<Result> {
  const line = new TerminalLine(err);
  if (!line.isOn || (waiting.forMs !== undefined && waiting.forMs <= PATIENCE_MS)) return work();
  const beginMs = performance.now();
  const draw = () => line.draw(countdownText(waiting, performance.now() - beginMs));
  if (waiting.forMs !== undefined) draw();
  const timer = setInterval(() => {
    if (waiting.forMs !== undefined || performance.now() - beginMs > PATIENCE_MS) draw();
  }, REFRESH_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    line.erase();
  }
}

/** `sampling web-1: 7s left (Ctrl-C: result so far)`. */
export function countdownText({ doing, forMs, onStop }: Waiting, elapsedMs: number): string {
  const hint = onStop === undefined ? '' : ` (Ctrl-C: ${onStop})`;
  return `${doing}: ${forMs === undefined ? wholeSeconds(elapsedMs) : leftText(forMs - elapsedMs)}${hint}`;
}

/** `7s left`; `finishing` when the time is up. */
export function leftText(leftMs: number): string {
  return leftMs <= 0 ? 'finishing' : `${durationText(Math.ceil(leftMs / 1000) * 1000)} left`;
}

/** An elapsed time in whole seconds. */
export function wholeSeconds(ms: number): string {
  return durationText(Math.max(1, Math.round(ms / 1000)) * 1000);
}
