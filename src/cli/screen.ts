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
  const screen = openScreen({ stdin, stdout, colour: !env.NO_COLOR }, listener);
  // What ink listens with ends the process where nobody else listens, and who stops a flow listens once.
  for (const name of STOPPING) process.on(name, goOn);
  return {
    ...screen,
    get size() {
      return screen.size;
    },
    async close() {
      await screen.close();
      for (const name of STOPPING) process.off(name, goOn);
    },
  };
}

const STOPPING = ['SIGINT', 'SIGTERM'] as const;

function goOn(): void {}

/** @throws {Failure} `usage` where input or output is no terminal */
export function refuseWithoutTerminal(): void {
  const missing = isTerminal(0) ? (isTerminal(1) ? undefined : 'output') : 'input';
  if (missing === undefined) return;
  throw new Failure('usage', `top: it fills a terminal, and its ${missing} is none; socklens watch writes lines`);
}
