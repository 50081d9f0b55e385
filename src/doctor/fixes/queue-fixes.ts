import type { Fix } from '../../model/finding/finding.ts';
import type { StackFacts } from '../../model/stack/stack-facts.ts';

/** The cap of a program's connections to a server, in its words. */
interface QueueWords extends Fix {
  programs: RegExp;
  stack?: StackFacts['stack'];
  /** For connections to a known database, or to any other server; absent where it is the same. */
  to?: 'database' | 'other';
}

const WORDS: readonly QueueWords[] = [
  {
    programs: /^haproxy/,
    where: 'haproxy.cfg',
    text: 'maxconn of the server line, up to timeout queue',
    snippet: 'server … maxconn N',
  },
  {
    programs: /^pgbouncer/,
    where: 'pgbouncer.ini',
    text: 'default_pool_size (of each user and database; max_db_connections caps them together), as far as the server accepts them; clients wait up to query_wait_timeout',
    snippet: 'default_pool_size = N',
  },
  {
    programs: /^nginx/,
    where: 'nginx.conf',
    text: 'max_conns of the server line',
    snippet: 'server … max_conns=N;',
  },
  {
    programs: /^(node|nodejs|MainThread)/,
    stack: 'Node.js',
    to: 'other',
    where: 'Node',
    text: 'maxSockets of its agent (connections of an undici Pool)',
    snippet: 'new http.Agent({ keepAlive: true, maxSockets: N })',
  },
  {
    programs: /^(node|nodejs|MainThread)/,
    stack: 'Node.js',
    to: 'database',
    where: 'Node',
    text: 'the cap of its pool (connectionLimit of mysql2, max of node-postgres)',
  },
  {
    programs: /^(python|gunicorn|uvicorn|celery|uwsgi)/,
    stack: 'Python',
    to: 'database',
    where: 'Python',
    text: 'the cap of its pool (pool_size + max_overflow of SQLAlchemy, max_size of psycopg_pool and asyncpg)',
  },
  {
    programs: /^(python|gunicorn|uvicorn|celery|uwsgi)/,
    stack: 'Python',
    to: 'other',
    where: 'Python',
    text: "the cap of its client (limit of aiohttp's TCPConnector, max_connections of httpx.Limits)",
  },
  {
    programs: /^$/,
    stack: 'Go',
    to: 'database',
    where: 'Go database/sql',
    text: 'SetMaxOpenConns',
    snippet: 'db.SetMaxOpenConns(N)\ndb.SetMaxIdleConns(N)',
  },
  {
    programs: /^$/,
    stack: 'Go',
    to: 'other',
    where: 'Go net/http',
    text: 'MaxConnsPerHost of its transport',
    snippet: 'transport.MaxConnsPerHost = N',
  },
  {
    programs: /^java/,
    stack: 'Java',
    where: 'Java',
    text: 'the cap of its pool (maximumPoolSize of HikariCP, setMaxConnPerRoute of Apache HttpClient)',
  },
];

/**
 * What to do about requests that wait inside a program for one of its connections to a server.
 *
 * @param server as a person knows it
 */
export function queueFix(
  program: string,
  stack: StackFacts['stack'] | undefined,
  toDatabase: boolean,
  server: string,
): Fix {
  const fits = ({ to }: QueueWords) => to === undefined || (to === 'database') === toDatabase;
  const known =
    WORDS.find((words) => words.stack !== undefined && words.stack === stack && fits(words)) ??
    WORDS.find((words) => words.programs.test(program) && fits(words));
  const cap = known === undefined ? 'the cap of its connections' : known.text;
  return {
    where: known?.where ?? 'the application',
    text: `raise what limits its requests to what ${server} can do at once: ${cap}. Or have ${server} answer sooner, or add servers: until then each request waits inside first`,
    ...(known?.snippet !== undefined && { snippet: known.snippet }),
  };
}
