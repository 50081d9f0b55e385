import type { Fix } from '../../model/finding/finding.ts';

/** A program that sets its own limit of open files at start, from one of its settings. */
export interface OwnNofile {
  /** `memcached`. */
  program: string;
  /** The setting that decides. */
  setting: string;
  /** Whether a limit that is raised from outside is used at once: the program does not count by itself too. */
  takesMore: boolean;
  fix(limit: number): Fix;
}

/** By the name of the process; what each does is in its manual, checked with the programs of Debian 12. */
const OWN: readonly (readonly [RegExp, OwnNofile])[] = [
  [
    /^memcached/,
    {
      program: 'memcached',
      setting: '-c',
      takesMore: false,
      fix: (limit) => ({
        where: 'memcached',
        text: 'its option -c is the number of connections, and it sets its limit of open files to that number itself: raising ulimits changes nothing',
        snippet: `memcached -c ${limit}`,
      }),
    },
  ],
  [
    /^nginx/,
    {
      program: 'nginx',
      setting: 'worker_rlimit_nofile',
      takesMore: true,
      fix: (limit) => ({
        where: 'nginx.conf',
        text: 'worker_rlimit_nofile sets the limit of the workers, whatever ulimits say; a proxied request takes two descriptors, so that worker_connections may be half of it at most',
        snippet: `worker_rlimit_nofile ${limit};\nevents { worker_connections ${Math.floor(limit / 2)}; }`,
      }),
    },
  ],
  [
    /^haproxy/,
    {
      program: 'HAProxy',
      setting: 'maxconn',
      takesMore: false,
      fix: (limit) => ({
        where: 'haproxy.cfg',
        text: 'it computes its limit of open files from maxconn of the section global: two for each connection',
        snippet: `global\n  maxconn ${Math.floor(limit / 2) - 100}`,
      }),
    },
  ],
  [
    /^(redis-server|valkey-server|keydb-server)/,
    {
      program: 'Redis',
      setting: 'maxclients',
      takesMore: false,
      fix: (limit) => ({
        where: 'redis.conf',
        text: 'it sets its limit of open files to maxclients + 32 at start, or lowers maxclients to what the hard limit allows: change maxclients, and the hard limit where it is lower',
        snippet: `maxclients ${limit - 32}`,
      }),
    },
  ],
  [
    /^(mariadbd|mysqld)/,
    {
      program: 'MariaDB, MySQL',
      setting: 'open_files_limit',
      takesMore: false,
      fix: (limit) => ({
        where: 'my.cnf',
        text: 'open_files_limit is what it asks for at start, as far as the hard limit allows',
        snippet: `[mysqld]\nopen_files_limit = ${limit}`,
      }),
    },
  ],
];

/** How a program sets its own limit; undefined for one that takes what it is given. */
export function ownNofile({ name }: { name: string }): OwnNofile | undefined {
  return OWN.find(([pattern]) => pattern.test(name))?.[1];
}
