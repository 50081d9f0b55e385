import type { Fix } from '../../model/finding/finding.ts';
import type { StackFacts } from '../../model/stack/stack-facts.ts';
import type { Database } from '../pools/servers.ts';
import { expireFix } from './pool-fixes.ts';

/** How long a server keeps the idle connections of its clients, in the words of its program. */
interface KeepAliveWords {
  /** `StackFacts.stack` or `StackFacts.server`. */
  name: string;
  /** By the command name, where the program was not looked at. */
  programs: RegExp;
  /** The setting, and where it is written. */
  setting: string;
  snippet: string;
}

/** Servers that run an application first: gunicorn is Python as well. */
const SERVERS: readonly KeepAliveWords[] = [
  { name: 'gunicorn', programs: /^gunicorn/, setting: '--keep-alive', snippet: '--keep-alive SECONDS' },
  {
    name: 'uvicorn',
    programs: /^uvicorn/,
    setting: '--timeout-keep-alive',
    snippet: '--timeout-keep-alive SECONDS',
  },
  {
    name: 'Node.js',
    programs: /^(node|nodejs|MainThread)/,
    setting: 'keepAliveTimeout',
    snippet: 'server.keepAliveTimeout = MS;\nserver.headersTimeout = MS + 1000;',
  },
  { name: 'nginx', programs: /^nginx/, setting: 'keepalive_timeout', snippet: 'keepalive_timeout SECONDS;' },
  {
    name: 'HAProxy',
    programs: /^haproxy/,
    setting: 'timeout http-keep-alive',
    snippet: 'timeout http-keep-alive MSms',
  },
  { name: 'Go', programs: /^$/, setting: 'IdleTimeout of http.Server', snippet: 'server.IdleTimeout = DURATION' },
  {
    name: 'Java',
    programs: /^java/,
    setting: 'the keep-alive timeout of the connector (Tomcat keepAliveTimeout, Jetty idleTimeout)',
    snippet: 'server.tomcat.keep-alive-timeout=MS   # Spring Boot',
  },
  {
    name: 'Ruby',
    programs: /^(puma|ruby)/,
    setting: 'persistent_timeout of Puma',
    snippet: 'persistent_timeout SECONDS',
  },
];

/** Settings of databases that end idle sessions, as their owners write them. */
const DATABASES: Readonly<Record<Database['name'], Pick<KeepAliveWords, 'setting' | 'snippet'>>> = {
  Redis: { setting: 'timeout', snippet: 'timeout SECONDS   # 0: never' },
  PostgreSQL: { setting: 'idle_session_timeout', snippet: "idle_session_timeout = 'SECONDSs'   # 0: never" },
  MySQL: { setting: 'wait_timeout', snippet: '[mysqld]\nwait_timeout = SECONDS' },
  PgBouncer: { setting: 'client_idle_timeout', snippet: 'client_idle_timeout = SECONDS   # 0: never' },
  memcached: { setting: '-o idle_timeout', snippet: 'memcached -o idle_timeout=SECONDS   # 0: never' },
};

/** The settings of {@link SERVERS} and {@link DATABASES} that hold a time, as `StackFacts.settings` names them. */
export const KEEP_ALIVE_SETTINGS: readonly string[] = [
  ...['--keep-alive', '--timeout-keep-alive', 'keepalive_timeout', 'timeout http-keep-alive'],
  ...['timeout', 'idle_session_timeout', 'wait_timeout', 'client_idle_timeout'],
];

/**
 * How the server is made to keep idle connections for longer than its client: the cause; then how the client is made to
 * close them first.
 *
 * @param server the process that listens: its command name, and its program where it was looked at; undefined where it
 *   is not on this machine
 * @param client as {@link server}, the one that keeps connections to it
 * @param database the server where it is a known database: its sessions idle in a pool, which the application sets
 * @param idleMs the shortest time after which the server was seen to close, milliseconds
 */
export function keepAliveFixes(
  server: { name: string | undefined; facts: StackFacts | undefined },
  client: { name: string | undefined; facts: StackFacts | undefined },
  database: Pick<Database, 'name'> | undefined,
  idleMs: number,
): Fix[] {
  const seconds = (idleMs / 1000).toFixed(1);
  const below = Math.floor((idleMs * 0.8) / 1000);
  if (database !== undefined) return databaseFixes(database, client.facts, seconds, below);
  const words = SERVERS.find(
    ({ name, programs }) =>
      name === server.facts?.server ||
      name === server.facts?.stack ||
      (server.name !== undefined && programs.test(server.name)),
  );
  const longer: Fix =
    words === undefined
      ? {
          where: 'the server',
          text: `its keep-alive timeout must be longer than its client keeps idle connections, not ${seconds} s: keepAliveTimeout (Node.js), --keep-alive (gunicorn), --timeout-keep-alive (uvicorn), keepalive_timeout (nginx), IdleTimeout (Go)`,
        }
      : {
          where: words.name,
          text: `${words.setting} must be longer than its client keeps idle connections, not ${seconds} s`,
          snippet: words.snippet,
        };
  const isNginx = client.facts?.stack === 'nginx' || client.name?.startsWith('nginx') === true;
  return [
    longer,
    {
      where: isNginx ? 'nginx' : 'its client',
      text: isNginx
        ? `or the proxy closes them first: keepalive_timeout in the upstream block, below ${seconds} s`
        : `or it closes them first: its maximum idle time below ${seconds} s`,
      ...(isNginx && below > 0 && { snippet: `upstream app { server …; keepalive 32; keepalive_timeout ${below}s; }` }),
    },
    {
      where: isNginx ? 'nginx' : 'its client',
      text: 'a request that met the close may be sent again where it changes nothing (GET): the proxy does so for idempotent requests unless that is off (proxy_next_upstream, retry-on)',
    },
  ];
}

/** A database ends idle sessions where it was told to: the pool is what has to know. */
function databaseFixes(
  database: Pick<Database, 'name'>,
  client: StackFacts | undefined,
  seconds: string,
  below: number,
): Fix[] {
  const { setting, snippet } = DATABASES[database.name];
  const fix = expireFix({ stack: client, database }, below > 0 ? below : 'N');
  return [
    { ...fix, text: `${database.name} ends connections that were idle for ${seconds} s: ${fix.text}` },
    {
      where: database.name,
      text: `or it keeps idle connections for longer than its clients do: ${setting}`,
      snippet,
    },
  ];
}
