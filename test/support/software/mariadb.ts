import { launch, ownFolder, type Place, programPath, type Running, serviceUser } from './program.ts';

/** Settings of a MariaDB server. */
export interface MariadbOptions {
  /** Default `0.0.0.0`. */
  address?: string;
  /** Default 3306. */
  port?: number;
  /** Default: the product's, 151. */
  maxConnections?: number;
  /** Further server variables: `wait_timeout: 5`. */
  set?: Readonly<Record<string, string | number>>;
  nofile?: number;
  /** Content of `/etc/resolv.conf`: clients' addresses are looked up, unlike by default. */
  resolvConf?: string;
}

/** A running MariaDB: users are not checked, and every name of a database has to be created. */
export interface Mariadb extends Running {
  /** Runs a statement over the server's UNIX socket. @returns rows separated by tabs, without names */
  query(statement: string): string;
}

/** Starts `mariadbd` on an empty folder. */
export async function startMariadb(place: Place, options: MariadbOptions = {}): Promise<Mariadb> {
  const folder = ownFolder('mariadb');
  const { address = '0.0.0.0', port = 3306, maxConnections, set = {} } = options;
  const socket = `${folder}/socket`;
  const query = (statement: string) =>
    place.run(
      programPath('mariadb'),
      '--no-defaults',
      `--socket=${socket}`,
      '--batch',
      '--skip-column-names',
      '-e',
      statement,
    );
  const variables = maxConnections === undefined ? set : { max_connections: maxConnections, ...set };
  const running = await launch(place, {
    folder,
    unprivileged: serviceUser() !== undefined,
    nofile: options.nofile,
    resolvConf: options.resolvConf,
    command: [
      ...[programPath('mariadbd'), '--no-defaults', `--datadir=${folder}`, `--socket=${socket}`, `--tmpdir=${folder}`],
      ...(serviceUser() === undefined ? ['--user=root'] : []),
      ...[`--bind-address=${address}`, `--port=${port}`, '--skip-grant-tables'],
      ...(options.resolvConf === undefined ? ['--skip-name-resolve'] : []),
      ...['--innodb-buffer-pool-size=32M', '--innodb-log-file-size=8M', `--pid-file=${folder}/pid`],
      ...Object.entries(variables).map(([name, value]) => `--${name.replaceAll('_', '-')}=${value}`),
    ],
    answers: () => query('select 1').trim() === '1',
  });
  return { ...running, query };
}
