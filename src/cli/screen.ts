import type { Screen, ScreenEvent } from '../render/terminal/screen.ts';
import { openScreen } from './open-screen.ts';

/** Signals that stop the command in order the first time (`stopSignal`), and at once the second time. */
const STOPPING = ['SIGINT', 'SIGTERM'] as const;
/** Signals that end the process at once. */
const ENDING = ['SIGHUP', 'SIGQUIT'] as const;

/**
 * Puts this process's terminal into full-screen mode. It is restored by `close`, and without it by a
 * signal, by an uncaught exception, by the end of the process, and by Ctrl-Z until `fg`.
 */
export function terminalScreen(listener: (event: ScreenEvent) => void): Screen {
  const { stdin, stdout, env } = process;
  const screen = openScreen({ input: stdin, output: stdout, colour: !env.NO_COLOR }, (event) => {
    // In raw mode the terminal sends no SIGTSTP by itself.
    if (event.kind === 'key' && event.key === 'ctrl-z') suspend();
    else listener(event);
  });
  let isStopping = false;

  /** Returns when the process was continued, or at once where it has no job control (an orphaned process group). */
  const suspend = () => {
    screen.suspend();
    process.off('SIGTSTP', suspend);
    process.kill(process.pid, 'SIGTSTP');
    process.on('SIGTSTP', suspend);
    resume();
  };
  const resume = () => {
    screen.resume();
    // While the process was stopped, SIGWINCH went to the shell. Node reads the size when it gets the signal.
    process.kill(process.pid, 'SIGWINCH');
  };
  const restore = () => screen.suspend();
  const die = (signal: NodeJS.Signals) => {
    close();
    process.kill(process.pid, signal);
  };
  const stop = (signal: NodeJS.Signals) => {
    if (isStopping) die(signal);
    isStopping = true;
  };
  const close = () => {
    screen.close();
    for (const signal of STOPPING) process.off(signal, stop);
    for (const signal of ENDING) process.off(signal, die);
    process.off('SIGTSTP', suspend);
    process.off('SIGCONT', resume);
    process.off('exit', restore);
    process.off('uncaughtExceptionMonitor', restore);
  };
  for (const signal of STOPPING) process.on(signal, stop);
  for (const signal of ENDING) process.on(signal, die);
  process.on('SIGTSTP', suspend);
  process.on('SIGCONT', resume);
  process.on('exit', restore);
  // Before Node prints the exception, which would otherwise disappear with the alternate screen.
  process.on('uncaughtExceptionMonitor', restore);

  return {
    colour: screen.colour,
    get size() {
      return screen.size;
    },
    show: (lines) => screen.show(lines),
    close,
  };
}
