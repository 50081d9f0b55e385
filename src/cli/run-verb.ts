import { run } from '@stricli/core';
import type { StopSignal } from '../base/stop-signal.ts';
import type { CliContext, CommandContext, Output } from '../commands/context.ts';
import { buildApp, refuseUnknownVerb, statusOf } from './app.ts';
import { prepareArguments } from './prepare-arguments.ts';

/** What one command may print, characters: a million sockets. */
const MOST = 1 << 29;

/** Runs a command within this process, on the same machine, without a terminal. @param stop ends it early */
export async function runVerb(
  machine: CommandContext['machine'],
  args: readonly string[],
  stop: StopSignal,
): Promise<{ status: number; out: string; err: string }> {
  const out = new Collected();
  const err = new Collected();
  const context: CliContext = {
    process: { stdout: out, stderr: err, env: { STRICLI_NO_COLOR: '1' } },
    flow: { machine, out, err, stopSignal: () => stop as AbortSignal },
  };
  const prepared = prepareArguments(args);
  refuseUnknownVerb(prepared.args[0]);
  await run(buildApp(prepared.args[0]), prepared.args, context);
  return { status: statusOf(context.process.exitCode), out: out.text, err: err.text };
}

/** An output that collects. */
class Collected implements Output {
  readonly columns = undefined;
  readonly #pieces: string[] = [];
  readonly #decoder = new TextDecoder();
  #length = 0;

  write(text: string | Uint8Array): void {
    const piece = typeof text === 'string' ? text : this.#decoder.decode(text);
    this.#length += piece.length;
    if (this.#length > MOST) throw new Error('the answer is too long');
    this.#pieces.push(piece);
  }

  get text(): string {
    return this.#pieces.join('');
  }
}
