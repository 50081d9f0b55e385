import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { Series } from '../../model/sample/series.ts';
import { containerAt, declaredFor } from '../peers/endpoints.ts';
import type { RuleInput } from '../rule.ts';
import { endpointText } from '../scopes.ts';

/** A database server, as far as its clients' sockets are concerned. */
export interface Database {
  name: 'MySQL' | 'PostgreSQL' | 'PgBouncer';
  /** The setting that limits connections, and its default. */
  limitSetting: string;
  stockLimit: number;
  /** Connections of the limit that are reserved for administrators. */
  reserved: number;
  /** The error that a client over the limit gets. */
  refusal: string;
  /**
   * True where the server speaks first: a client that it refuses has sent nothing, one that it accepts
   * must send its login.
   */
  speaksFirst: boolean;
}

const MYSQL: Database = {
  name: 'MySQL',
  limitSetting: 'max_connections',
  stockLimit: 151,
  reserved: 0,
  refusal: 'error 1040 (08004) "Too many connections"',
  speaksFirst: true,
};

const POSTGRESQL: Database = {
  name: 'PostgreSQL',
  limitSetting: 'max_connections',
  stockLimit: 100,
  reserved: 3,
  refusal: 'SQLSTATE 53300 "sorry, too many clients already" or "remaining connection slots are reserved"',
  speaksFirst: false,
};

const PGBOUNCER: Database = {
  name: 'PgBouncer',
  limitSetting: 'max_client_conn',
  stockLimit: 100,
  reserved: 0,
  refusal: 'an error about max_client_conn',
  speaksFirst: false,
};

const BY_PORT: ReadonlyMap<number, Database> = new Map([
  [3306, MYSQL],
  [33060, MYSQL],
  [5432, POSTGRESQL],
  [6432, PGBOUNCER],
]);

/** The last part of an image's name, `mariadb` of `docker.io/library/mariadb:11`. */
const BY_IMAGE: readonly (readonly [RegExp, Database])[] = [
  [/(^|\/)(mysql|mariadb|percona)(-server)?([:@]|$)/, MYSQL],
  [/(^|\/)(postgres|postgresql|postgis|timescaledb)([:@]|$)/, POSTGRESQL],
  [/(^|\/)pgbouncer([:@]|$)/, PGBOUNCER],
];

/** The database behind an endpoint, by its port or by the image of the container that has the address. */
export function databaseAt(series: Series, plain: string, port: number): Database | undefined {
  const byPort = BY_PORT.get(port);
  if (byPort !== undefined) return byPort;
  const image = containerAt(series, plain)?.declared?.image;
  if (image === undefined) return undefined;
  return BY_IMAGE.find(([pattern]) => pattern.test(image))?.[1];
}

/** What is known of the server that connections go to, as seen from one namespace. */
export interface Server {
  /** `db:mysql`, `172.17.0.2:3306`: as findings name it. */
  text: string;
  /** Undefined for a server that is no known database. */
  database: Database | undefined;
  /** Cap of each pool, declared with `--pool`; undefined where none was. */
  declaredCap: number | undefined;
  /** Limit of the server, declared with `--server-limit`; undefined where none was. */
  declaredLimit: number | undefined;
}

/** What was declared for an endpoint, and what its port and its container say. */
export function serverAt(
  { series, declared }: RuleInput,
  namespace: WatchedNetns,
  plain: string,
  port: number,
): Server {
  return {
    text: endpointText(series.names, { plain }, port),
    database: databaseAt(series, plain, port),
    declaredCap: declaredFor(declared.pools, series, namespace, plain, port)?.cap,
    declaredLimit: declaredFor(declared.serverLimits, series, namespace, plain, port)?.limit,
  };
}
