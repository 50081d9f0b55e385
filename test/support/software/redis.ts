import { launch, ownFolder, type Place, programPath, type Running, serviceUser } from './program.ts';

/** Settings of a Redis server. */
export interface RedisOptions {
  /** Default `0.0.0.0`. */
  address?: string;
  /** Default 6379. */
  port?: number;
  /** Further settings: `maxclients: 20`. */
  set?: Readonly<Record<string, string | number>>;
  nofile?: number;
}

/** A running Redis without persistence and without a password. */
export interface Redis extends Running {
  /** Runs a command. @returns the answer as `redis-cli` prints it */
  command(...words: string[]): string;
}

/** Starts `redis-server`. */
export async function startRedis(place: Place, options: RedisOptions = {}): Promise<Redis> {
  const folder = ownFolder('redis');
  const { address = '0.0.0.0', port = 6379, set = {} } = options;
  const socket = `${folder}/socket`;
  const command = (...words: string[]) => place.run('redis-cli', '-s', socket, ...words);
  const settings = {
    bind: address,
    port,
    unixsocket: socket,
    dir: folder,
    save: '',
    'protected-mode': 'no',
    daemonize: 'no',
    ...set,
  };
  const running = await launch(place, {
    folder,
    unprivileged: serviceUser() !== undefined,
    nofile: options.nofile,
    command: [
      programPath('redis-server'),
      ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ],
    answers: () => command('ping').trim() === 'PONG',
  });
  return { ...running, command };
}
