import type { FlowContext } from '../flows/context.ts';
import { localContext } from '../flows/local.ts';
import { terminalConfirm } from './confirm.ts';
import { descriptorOutput } from './output.ts';
import { stopSignal } from './stop-signal.ts';

/** What a command runs with: this machine, this terminal. */
export interface CliContext {
  readonly process: {
    readonly stdout: { write(text: string): void };
    readonly stderr: { write(text: string): void };
    readonly env: Readonly<Record<string, string | undefined>>;
    exitCode?: number | string | null;
  };
  readonly flow: FlowContext;
  /** The command of `guard`: the arguments after `--`. */
  readonly behind?: readonly string[];
}

/** The context of a real run. */
export function processContext(): CliContext {
  const out = descriptorOutput(1);
  const err = descriptorOutput(2);
  return {
    process: {
      stdout: out,
      stderr: err,
      env: { ...process.env, ...(process.env.NO_COLOR && { STRICLI_NO_COLOR: '1' }) },
    },
    flow: { ...localContext(process.env, out, err), confirm: terminalConfirm(err), screen, stopSignal },
  };
}

/** Loads the full-screen mode when `top` asks for it. */
const screen: FlowContext['screen'] = async (listener) => (await import('./screen.ts')).terminalScreen(listener);
