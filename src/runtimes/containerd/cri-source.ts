import fs from 'node:fs';
import { LazyRuntime } from '../lazy-runtime.ts';
import type { RuntimePlace, RuntimeSource } from '../runtime-source.ts';
import { criSockets, runtimeAt } from './cri-endpoints.ts';

/**
 * The runtimes at {@link criSockets}. A place is found while a socket is there. Where it is that of a containerd whose
 * shims are seen, that place comes first: it asks both of its APIs.
 */
export function criSource(env: Readonly<Record<string, string | undefined>>, etc: string): RuntimeSource {
  let sockets: string[] | undefined;
  return {
    processNames: [],
    find: () => {
      sockets ??= criSockets(env, etc);
      return sockets.filter(mayExist).map(placeAt);
    },
  };
}

function placeAt(path: string): RuntimePlace {
  const name = runtimeAt(path);
  const load = async () => {
    const { CriRuntime } = await import('./cri-runtime.ts');
    return new CriRuntime(name, path);
  };
  return {
    key: `cri:${path}`,
    socket: { path, protocol: 'grpc' },
    open: () => new LazyRuntime(name, `unix://${path}`, load),
  };
}

/** True as well where it may not be looked up: asking tells why. */
function mayExist(path: string): boolean {
  try {
    return fs.statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}
