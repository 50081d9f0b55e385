import { dockerEndpoints } from './endpoints.ts';
import { type EngineOptions, EngineRuntime } from './engine-runtime.ts';
import type { MachineNames } from './this-machine.ts';

/**
 * Every runtime with the Docker Engine's API that may be on this machine, see {@link dockerEndpoints}.
 *
 * @param env the environment
 * @param home the user's home folder
 */
export function dockerRuntimes(
  env: NodeJS.ProcessEnv,
  home: string,
  options: EngineOptions = {},
  machine?: MachineNames,
): EngineRuntime[] {
  return dockerEndpoints(env, home, machine).map((endpoint) => new EngineRuntime(endpoint, options));
}
