import fs from 'node:fs';
import { launch, listens, ownFolder, type Place, programPath, type Running, serviceUser } from './program.ts';

/** Settings of a PgBouncer. */
export interface PgbouncerOptions {
  /** `HOST:PORT` of the PostgreSQL server. */
  server: string;
  /** Default `0.0.0.0`. */
  address?: string;
  /** Default 6432. */
  port?: number;
  /** Default `transaction`; the product's is `session`. */
  poolMode?: 'session' | 'transaction' | 'statement';
  /** Further settings of `[pgbouncer]`: `default_pool_size: 5`. */
  set?: Readonly<Record<string, string | number>>;
  nofile?: number;
}

/** Starts `pgbouncer`, which forwards every database to the server and accepts every user. It refuses root. */
export function startPgbouncer(place: Place, options: PgbouncerOptions): Promise<Running> {
  const folder = ownFolder('pgbouncer');
  const { address = '0.0.0.0', port = 6432, poolMode = 'transaction', set = {} } = options;
  const [host, serverPort] = splitAddress(options.server);
  const settings = {
    listen_addr: address,
    listen_port: port,
    unix_socket_dir: folder,
    auth_type: 'any',
    pool_mode: poolMode,
    ignore_startup_parameters: 'extra_float_digits',
    ...set,
  };
  const lines = [
    '[databases]',
    `* = host=${host} port=${serverPort} user=postgres`,
    '[pgbouncer]',
    ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
  ];
  const file = `${folder}/pgbouncer.ini`;
  fs.writeFileSync(file, `${lines.join('\n')}\n`);
  return launch(place, {
    folder,
    unprivileged: serviceUser() !== undefined,
    nofile: options.nofile,
    // At once; SIGINT would wait for clients.
    endSignal: 'SIGTERM',
    command: [programPath('pgbouncer'), file],
    answers: () => listens(place, port),
  });
}

/** `HOST:PORT`, with brackets around an IPv6 address. */
export function splitAddress(text: string): [host: string, port: string] {
  const colon = text.lastIndexOf(':');
  return [text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), text.slice(colon + 1)];
}
