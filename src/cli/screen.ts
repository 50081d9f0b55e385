import { Failure } from '../model/failure.ts';
import type { Screen, ScreenEvent } from '../present/top/screen.ts';
import { isTerminal } from './output.ts';

/**
 * Takes this process's terminal over.
 *
 * @throws {Failure} `usage` where there is none
 */
export async function terminalScreen(listener: (event: ScreenEvent) => void): Promise<Screen> {
  refuseWithoutTerminal();
  const { openScreen } = await import('../screen/open-screen.ts');
  const { stdin, stdout, env } = process;
  return openScreen({ stdin, stdout, colour: !env.NO_COLOR }, listener);
}

/** @throws {Failure} `usage` where input or output is no terminal */
export function refuseWithoutTerminal(): void {
  const missing = isTerminal(0) ? (isTerminal(1) ? undefined : 'output') : 'input';
  if (missing === undefined) return;
  throw new Failure('usage', `top: it fills a terminal, and its ${missing} is none; socklens watch writes lines`);
}
