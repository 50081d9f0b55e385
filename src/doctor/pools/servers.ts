import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import { declaredFor } from '../peers/endpoints.ts';
import { listenersAt } from '../peers/listeners-at.ts';
import { servingContainer } from '../peers/serving-container.ts';
import type { RuleInput } from '../rule.ts';
import { endpointText } from '../scopes.ts';

/** A server with a limit of connections of its own, as far as its clients' sockets are concerned. */
export interface Database {
  name: 'MySQL' | 'PostgreSQL' | 'PgBouncer' | 'Redis' | 'memcached';
  /** The setting that limits connections, and its default. */
  limitSetting: string;
  /** Names of that setting as a program's facts have it. */
  limitNames: readonly string[];
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
  /** Command on the server that shows how often it refused; absent where there is none. */
  showsRefusals?: string;
}

const MYSQL: Database = {
  name: 'MySQL',
  limitSetting: 'max_connections',
  limitNames: ['max_connections'],
  stockLimit: 151,
  reserved: 0,
  refusal: 'error 1040 (08004) "Too many connections"',
  speaksFirst: true,
  showsRefusals: "SHOW STATUS LIKE 'Connection_errors_max_connections';",
};

const POSTGRESQL: Database = {
  name: 'PostgreSQL',
  limitSetting: 'max_connections',
  limitNames: ['max_connections'],
  stockLimit: 100,
  reserved: 3,
  refusal: 'SQLSTATE 53300 "sorry, too many clients already" or "remaining connection slots are reserved"',
  speaksFirst: false,
};

const PGBOUNCER: Database = {
  name: 'PgBouncer',
  limitSetting: 'max_client_conn',
  limitNames: ['max_client_conn'],
  stockLimit: 100,
  reserved: 0,
  refusal: 'an error about max_client_conn',
  speaksFirst: false,
};

const REDIS: Database = {
  name: 'Redis',
  limitSetting: 'maxclients',
  limitNames: ['maxclients'],
  stockLimit: 10_000,
  reserved: 0,
  refusal: '"ERR max number of clients reached"',
  speaksFirst: false,
  showsRefusals: 'INFO stats   (rejected_connections)',
};

const MEMCACHED: Database = {
  name: 'memcached',
  limitSetting: 'its option -c',
  limitNames: ['-c', '--conn-limit'],
  stockLimit: 1024,
  reserved: 0,
  refusal: '"ERROR Too many open connections"',
  speaksFirst: false,
  showsRefusals: 'stats   (rejected_connections, listen_disabled_num)',
};

const BY_PORT: ReadonlyMap<number, Database> = new Map([
  [3306, MYSQL],
  [33060, MYSQL],
  [5432, POSTGRESQL],
  [6379, REDIS],
  [6432, PGBOUNCER],
  [11211, MEMCACHED],
]);

/** Names of processes, as the kernel has them: at most 15 bytes. */
const BY_PROGRAM: readonly (readonly [RegExp, Database])[] = [
  [/^(mysqld|mariadbd)/, MYSQL],
  [/^postgres/, POSTGRESQL],
  [/^pgbouncer/, PGBOUNCER],
  [/^(redis-server|valkey-server|keydb-server)/, REDIS],
  [/^memcached/, MEMCACHED],
];

/** The last part of an image's name, `mariadb` of `docker.io/library/mariadb:11`. */
const BY_IMAGE: readonly (readonly [RegExp, Database])[] = [
  [/(^|\/)(mysql|mariadb|percona)(-server)?([:@]|$)/, MYSQL],
  [/(^|\/)(postgres|postgresql|postgis|timescaledb)([:@]|$)/, POSTGRESQL],
  [/(^|\/)pgbouncer([:@]|$)/, PGBOUNCER],
  [/(^|\/)(redis|valkey|keydb)([:@]|$)/, REDIS],
  [/(^|\/)memcached([:@]|$)/, MEMCACHED],
];

/**
 * Programs that take many clients' connections and share few connections to the server among them, by the name of the
 * process or of the image.
 */
const POOLERS: readonly (readonly [RegExp, string])[] = [
  [/(^|\/)pgbouncer([:@]|$)/, 'PgBouncer'],
  [/(^|\/)pgpool(-?ii)?([:@]|$)/i, 'Pgpool-II'],
  [/(^|\/)odyssey([:@]|$)/, 'Odyssey'],
  [/(^|\/)pgcat([:@]|$)/, 'PgCat'],
  [/(^|\/)proxysql([:@]|$)/, 'ProxySQL'],
  [/(^|\/)(mysql-?router)([:@]|$)/, 'MySQL Router'],
  [/(^|\/)maxscale([:@]|$)/, 'MaxScale'],
  [/(^|\/)haproxy(-alpine)?([:@]|$)/, 'HAProxy'],
  [/(^|\/)envoy([:@]|$)/, 'Envoy'],
  [/(^|\/)nginx([:@]|$)/, 'nginx'],
  [/(^|\/)traefik([:@]|$)/, 'Traefik'],
  [/(^|\/)twemproxy|nutcracker([:@]|$)/, 'twemproxy'],
];

/** What listens at an endpoint: by its process where that is watched, else by the container's image. */
function programsAt(series: Series, from: NetnsSeries, plain: string, port: number): string[] {
  const names = new Set<string>();
  for (const { socket } of listenersAt(series, from, plain, port)) {
    for (const { name } of socket.holders) names.add(name);
  }
  const image = servingContainer(series, from, plain, port)?.declared?.image;
  return [...names, ...(image === undefined ? [] : [image])];
}

/** The database that a program is, by its command name; undefined for another program. */
export function databaseOfProgram(name: string | undefined): Database | undefined {
  return name === undefined ? undefined : BY_PROGRAM.find(([pattern]) => pattern.test(name))?.[1];
}

/** The database behind an endpoint: by the program that listens there, by the container's image, else by its port. */
export function databaseAt(series: Series, from: NetnsSeries, plain: string, port: number): Database | undefined {
  for (const program of programsAt(series, from, plain, port)) {
    const known = [...BY_PROGRAM, ...BY_IMAGE].find(([pattern]) => pattern.test(program));
    if (known !== undefined) return known[1];
  }
  return BY_PORT.get(port);
}

/** The pooler or proxy that listens at an endpoint: `HAProxy`; undefined where none is known to. */
function poolerAt(series: Series, from: NetnsSeries, plain: string, port: number): string | undefined {
  for (const program of programsAt(series, from, plain, port)) {
    const known = POOLERS.find(([pattern]) => pattern.test(program));
    if (known !== undefined) return known[1];
  }
  return BY_PORT.get(port) === PGBOUNCER ? PGBOUNCER.name : undefined;
}

/** What is known of the server that connections go to, as seen from one namespace. */
export interface Server {
  /** `db:mysql`, `172.17.0.2:3306`: as findings name it. */
  text: string;
  /** Undefined for a server that is no known database. */
  database: Database | undefined;
  /** The pooler that the connections go to; many clients are what it is for. Undefined where none is known. */
  pooler: string | undefined;
  /** Cap of each pool, declared with `--pool`; undefined where none was. */
  declaredCap: number | undefined;
  /** Limit of the server, declared with `--server-limit`; undefined where none was. */
  declaredLimit: number | undefined;
}

/** What was declared for an endpoint, and what its listener, its container and its port say. */
export function serverAt({ series, declared }: RuleInput, from: NetnsSeries, plain: string, port: number): Server {
  const namespace: WatchedNetns = from.namespace;
  return {
    text: endpointText(series.names, { plain }, port),
    database: databaseAt(series, from, plain, port),
    pooler: poolerAt(series, from, plain, port),
    declaredCap: declaredFor(declared.pools, series, namespace, plain, port)?.cap,
    declaredLimit: declaredFor(declared.serverLimits, series, namespace, plain, port)?.limit,
  };
}
