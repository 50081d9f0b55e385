import { localMachine } from '../collect/local-machine.ts';
import type { FlowContext, Output } from './context.ts';

/** A context on this machine. `env` tells where the container runtimes are asked. */
export function localContext(env: Readonly<Record<string, string | undefined>>, out: Output, err: Output): FlowContext {
  return { machine: localMachine(env), out, err };
}
