import { launch, listens, ownFolder, type Place, programPath, type Running, serviceUser } from './program.ts';

/** Settings of memcached. */
export interface MemcachedOptions {
  /** Default `0.0.0.0`. */
  address?: string;
  /** Default 11211. */
  port?: number;
  /** `-c`; default: the product's, 1024. */
  connections?: number;
  /** Further arguments: `['-o', 'idle_timeout=10']`. */
  args?: readonly string[];
}

/** Starts `memcached`, which sets its own limit of open files. */
export function startMemcached(place: Place, options: MemcachedOptions = {}): Promise<Running> {
  const { address = '0.0.0.0', port = 11_211, connections, args = [] } = options;
  return launch(place, {
    folder: ownFolder('memcached'),
    unprivileged: serviceUser() !== undefined,
    command: [
      ...[programPath('memcached'), '-l', address, '-p', `${port}`, '-U', '0', '-m', '16'],
      ...(serviceUser() === undefined ? ['-u', 'root'] : []),
      ...(connections === undefined ? [] : ['-c', `${connections}`]),
      ...args,
    ],
    answers: () => listens(place, port),
  });
}
