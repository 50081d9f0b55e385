import type { Fix } from '../../model/finding/finding.ts';
import { type MainClient, mainClientText } from '../listeners/held-by.ts';
import { namingOwner } from '../pools/main-pool.ts';

/** A program's own limit of connections, in its words. */
export interface ConnectionLimit {
  /** Names of its executable, as the kernel has them. */
  programs: RegExp;
  /** Where its settings are: `haproxy.cfg`. */
  where: string;
  /** The setting that limits connections. */
  setting: string;
  /** What counts, where it is more than the connections of clients. */
  counts?: string;
  /** What ends idle connections sooner, as the rest of a sentence; absent where it has nothing for that. */
  endsIdle?: string;
  snippet(limit: number | 'N'): string;
}

/** From the manual of each, and tried with the programs of Debian 12. */
const LIMITS: readonly ConnectionLimit[] = [
  {
    programs: /^haproxy/,
    where: 'haproxy.cfg',
    setting: 'maxconn',
    counts: 'the smallest of those of the section global, its defaults and the frontend',
    endsIdle: 'timeout http-keep-alive (timeout client where it is not set)',
    snippet: (limit) => `maxconn ${limit}\ntimeout http-keep-alive N`,
  },
  {
    programs: /^nginx/,
    where: 'nginx.conf',
    setting: 'worker_connections',
    counts: 'of each worker, and its connections to upstreams and its listeners are among them',
    endsIdle: 'keepalive_timeout',
    snippet: (limit) => `events { worker_connections ${limit}; }`,
  },
  {
    programs: /^(apache2|httpd)/,
    where: 'Apache',
    setting: 'MaxRequestWorkers',
    counts:
      'with mpm_prefork and mpm_worker an idle client of KeepAlive holds one of them; mpm_event frees it. ServerLimit x ThreadsPerChild must allow as many',
    endsIdle: 'KeepAliveTimeout (a few seconds)',
    snippet: (limit) => `KeepAliveTimeout 3\nMaxRequestWorkers ${limit}\nServerLimit ${limit}   # mpm_prefork`,
  },
  {
    programs: /^memcached/,
    where: 'memcached',
    setting: '-c',
    counts: 'its own descriptors are among them',
    endsIdle: '-o idle_timeout=N',
    snippet: (limit) => `memcached -c ${limit}`,
  },
  {
    programs: /^(redis-server|valkey-server|keydb-server)/,
    where: 'redis.conf',
    setting: 'maxclients',
    endsIdle: 'timeout (0, never, by default)',
    snippet: (limit) => `maxclients ${limit}`,
  },
  {
    programs: /^pgbouncer/,
    where: 'pgbouncer.ini',
    setting: 'max_client_conn',
    endsIdle: 'client_idle_timeout',
    snippet: (limit) => `max_client_conn = ${limit}`,
  },
  {
    programs: /^(mariadbd|mysqld)/,
    where: 'my.cnf',
    setting: 'max_connections',
    endsIdle: 'wait_timeout',
    snippet: (limit) => `[mysqld]\nmax_connections = ${limit}`,
  },
  {
    programs: /^postgres/,
    where: 'postgresql.conf',
    setting: 'max_connections',
    endsIdle: 'idle_session_timeout',
    snippet: (limit) => `max_connections = ${limit}`,
  },
  {
    programs: /^php-fpm/,
    where: 'the pool of PHP-FPM',
    setting: 'pm.max_children',
    counts: 'a child serves one connection, also while it is idle: fastcgi_keep_conn of nginx keeps it',
    snippet: (limit) => `pm.max_children = ${limit}`,
  },
  {
    programs: /^beam/,
    where: 'rabbitmq.conf',
    setting: 'the limit of connections (connection_max, of the node and of the virtual host)',
    endsIdle: 'heartbeat',
    snippet: (limit) => `connection_max = ${limit}`,
  },
];

/** The limit of a program by its name; undefined for one that is not known. */
export function connectionLimitOf(program: string | undefined): ConnectionLimit | undefined {
  return program === undefined ? undefined : LIMITS.find(({ programs }) => programs.test(program));
}

/**
 * How a limit that is used up is dealt with: first who holds connections without using them, then the limit.
 *
 * @param needed connections that there were and that waited, together; undefined where it is not known
 * @param main the client that holds most of the connections, and how its pool is capped where that is known
 */
export function connectionLimitFixes(
  program: string | undefined,
  areIdle: boolean,
  needed: number | undefined,
  main?: { owner: MainClient; fixes: readonly Fix[] },
): Fix[] {
  const limit = connectionLimitOf(program);
  if (limit === undefined) return [areIdle ? IDLE_CLIENTS : MORE_WORKERS];
  const { where, setting, counts, endsIdle, snippet } = limit;
  const sooner = areIdle && endsIdle !== undefined ? `end idle connections sooner with ${endsIdle}, or ` : '';
  const what = counts === undefined ? setting : `${setting} (${counts})`;
  return [
    {
      where,
      text: `${main === undefined ? '' : `${mainClientText(main.owner)}: `}${sooner}allow more with ${what}${needed === undefined ? '' : `: ${needed} were wanted at once`}`,
      snippet: snippet(needed ?? 'N'),
    },
    ...(areIdle
      ? namingOwner(main === undefined || main.fixes.length === 0 ? [FEWER_CLIENTS] : main.fixes, main?.owner)
      : []),
  ];
}

const IDLE_CLIENTS: Fix = {
  where: 'the application',
  text: 'its idle clients hold everything that serves them (a thread for each connection, a limit of connections): close connections that are idle with a timeout, and have more threads, or none for idle connections',
};

const MORE_WORKERS: Fix = {
  where: 'the application',
  text: 'raise its own limit of connections, or of threads and workers: it accepts no more than it can serve',
};

const FEWER_CLIENTS: Fix = {
  where: 'its clients',
  text: 'hold fewer connections: a pool with a cap for each process, which lets idle ones go',
};
