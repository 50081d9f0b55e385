import { localMachine } from '../collect/local-machine.ts';
import type { CliContext, CommandContext } from '../commands/context.ts';
import { terminalConfirm } from './confirm.ts';
import { descriptorOutput, endingAtError, isTerminal } from './output.ts';

/** The context of a real run. */
export function processContext(): CliContext {
  const out = descriptorOutput(1);
  const err = descriptorOutput(2);
  const machine = localMachine(process.env);
  return {
    process: {
      stdout: endingAtError(out),
      stderr: err,
      env: { ...process.env, ...(process.env.NO_COLOR && { STRICLI_NO_COLOR: '1' }) },
    },
    describe: async (name) => (await import('./describe-verb.ts')).describeVerb(name),
    flow: {
      machine,
      out,
      err,
      confirm: terminalConfirm(err),
      // A getter, because isTerminal loads node:tty; only `top` reads it.
      get screen() {
        return isTerminal(0) && isTerminal(1) ? screen : undefined;
      },
      stopSignal,
      runVerb: async (args, stop) => (await import('./run-verb.ts')).runVerb(machine, args, stop),
      input: () => process.stdin,
      onSignal: (name, listener) => {
        process.on(name, listener);
        return () => process.off(name, listener);
      },
    },
  };
}

/** Loads full-screen mode when `top` opens it. */
const screen: NonNullable<CommandContext['screen']> = async (listener) =>
  (await import('./screen.ts')).terminalScreen(listener);

/**
 * A signal that SIGINT (Ctrl-C) and SIGTERM abort, so that a command can stop in order. A second SIGINT
 * or SIGTERM ends the process at once.
 */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}
