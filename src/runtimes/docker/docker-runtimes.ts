import { EngineOrPodman } from '../podman/engine-or-podman.ts';
import type { RuntimePlace, RuntimeSource } from '../runtime-source.ts';
import { dockerEndpoints, userEndpoints } from './endpoints.ts';
import type { EngineEndpoint } from './engine-address.ts';
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
): EngineOrPodman[] {
  return dockerEndpoints(env, home, machine).map((endpoint) => runtimeAt(endpoint, options));
}

/**
 * The runtimes of {@link dockerRuntimes}, then those of other users, as far as their sockets are there and may be looked
 * up. Settings are read once; whether anything listens there shows when it is asked.
 *
 * @param run where users have their folders, `/run/user`
 */
export function dockerSource(
  env: NodeJS.ProcessEnv,
  home: string,
  options: EngineOptions = {},
  run = '/run/user',
): RuntimeSource {
  let places: RuntimePlace[] | undefined;
  return {
    processNames: [],
    find: () => {
      places ??= dockerEndpoints(env, home).map((endpoint) => placeAt(endpoint, options));
      return [...places, ...userEndpoints(env, home, run).map((endpoint) => placeAt(endpoint, OF_OTHERS))];
    },
  };
}

/**
 * Another user's Engine may hang, or answer without an end: it delays no other one, and takes less time and memory than
 * the machine's own.
 */
const OF_OTHERS: EngineOptions = { deadlineMs: 2000, limits: { header: 64 * 1024, body: 8 * 1024 * 1024 } };

function placeAt(endpoint: EngineEndpoint, options: EngineOptions): RuntimePlace {
  const { uri, address } = endpoint;
  return {
    key: uri,
    ...(address.kind === 'unix' && { socket: { path: address.path, protocol: 'http' } }),
    open: () => runtimeAt(endpoint, options),
  };
}

function runtimeAt(endpoint: EngineEndpoint, options: EngineOptions): EngineOrPodman {
  const { address } = endpoint;
  return new EngineOrPodman(new EngineRuntime(endpoint, options), address.kind === 'unix' ? address.path : undefined);
}
