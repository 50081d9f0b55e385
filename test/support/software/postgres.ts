import { execFileSync } from 'node:child_process';
import { AS_SERVICE_USER, giveAway, launch, ownFolder, type Place, programPath, type Running } from './program.ts';

/** Settings of a PostgreSQL server. */
export interface PostgresOptions {
  /** Default `*`. */
  address?: string;
  /** Default 5432. */
  port?: number;
  /** Default: the product's, 100, of which 3 are reserved for the superuser. */
  maxConnections?: number;
  /** Further settings: `idle_session_timeout: '5s'`. */
  set?: Readonly<Record<string, string | number>>;
  /** Unprivileged roles to create; each may connect to the database `postgres`. */
  roles?: readonly string[];
}

/** A running PostgreSQL: everybody may connect from everywhere without a password; the superuser is `postgres`. */
export interface Postgres extends Running {
  /** Runs a statement as the superuser, over the server's UNIX socket. @returns rows separated by `|` */
  query(statement: string): string;
}

/** Starts `postgres` on a cluster of its own. It refuses root, so another user is needed: see `serviceUser`. */
export async function startPostgres(place: Place, options: PostgresOptions = {}): Promise<Postgres> {
  const folder = ownFolder('postgres');
  const data = `${folder}/data`;
  giveAway(folder);
  const [program = '', ...args] = [...AS_SERVICE_USER, programPath('initdb'), '--pgdata', data, '--username=postgres'];
  const quick = ['--auth=trust', '--no-sync', '--no-locale', '--encoding=UTF8'];
  execFileSync(program, [...args, ...quick], { stdio: 'pipe', cwd: folder });
  const hba = 'host all all 0.0.0.0/0 trust\nhost all all ::/0 trust\n';
  execFileSync('sh', ['-c', `printf '${hba}' >>'${data}/pg_hba.conf'`]);
  const { address = '*', port = 5432, maxConnections, set = {}, roles = [] } = options;
  const query = (statement: string) =>
    place.run(
      ...([programPath('psql'), '--no-psqlrc', '-h', folder, '-p', `${port}`, '-U', 'postgres'] as const),
      ...['-d', 'postgres', '-At', '-c', statement],
    );
  const settings = {
    listen_addresses: address,
    port,
    unix_socket_directories: folder,
    fsync: 'off',
    shared_buffers: '16MB',
    dynamic_shared_memory_type: 'mmap',
    ...(maxConnections === undefined ? {} : { max_connections: maxConnections }),
    ...set,
  };
  const running = await launch(place, {
    folder,
    unprivileged: true,
    // Fast shutdown: open sessions are ended.
    endSignal: 'SIGINT',
    command: [
      ...[programPath('postgres'), '-D', data],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    answers: () => query('select 1').trim() === '1',
  });
  for (const role of roles) query(`create role "${role}" login`);
  return { ...running, query };
}
