import type { Fix } from '../../model/finding/finding.ts';
import type { StackFacts, StackName } from '../../model/stack/stack-facts.ts';

/** How connections are kept, by the program of the client; in the order in which they are listed where nothing is known. */
const CLIENTS: readonly (Fix & {
  programs?: RegExp;
  stack?: StackName;
  /** A library of the stack that decides, where the program has it. */
  library?: string;
  to?: 'database' | 'other';
})[] = [
  {
    where: 'Go net/http',
    stack: 'Go',
    to: 'other',
    text: 'MaxIdleConnsPerHost is 2 unless it is set: raise it to the concurrency, and read every response body to its end before closing it',
    snippet: 'transport.MaxIdleConnsPerHost = N   // requests at the same time',
  },
  {
    where: 'Go database/sql',
    stack: 'Go',
    to: 'database',
    text: 'connections above SetMaxIdleConns (default 2) are closed at once: set it to the same number as SetMaxOpenConns',
    snippet: 'db.SetMaxOpenConns(N)\ndb.SetMaxIdleConns(N)',
  },
  {
    where: 'Node',
    stack: 'Node.js',
    programs: /^(node|nodejs|MainThread|npm|PM2)/,
    text: 'create one agent or pool for the whole process, not one for each request',
    snippet: 'new http.Agent({ keepAlive: true })',
  },
  {
    where: 'PHP-FPM',
    stack: 'PHP-FPM',
    programs: /^php/,
    text: 'connecting for each request is the default: use persistent connections (pconnect, PDO::ATTR_PERSISTENT, STREAM_CLIENT_PERSISTENT), or a pooler beside it',
  },
  {
    where: 'nginx',
    stack: 'nginx',
    programs: /^nginx/,
    text: 'it asks its upstreams to close after each answer unless the upstream has keepalive connections',
    snippet: 'upstream app { server …; keepalive 32; }\nproxy_http_version 1.1;\nproxy_set_header Connection "";',
  },
  {
    where: 'Apache mod_proxy',
    programs: /^(apache2|httpd)/,
    text: 'it keeps connections to a backend unless ProxyPass says disablereuse=On (or SetEnv proxy-nokeepalive), and for a URL with a variable of RewriteRule or ProxyPassMatch: take that away, and keep them for less long than the backend does',
    snippet: 'ProxyPass "/" "http://app:8080/" enablereuse=On keepalive=On ttl=N',
  },
  {
    where: 'HAProxy',
    stack: 'HAProxy',
    programs: /^haproxy/,
    text: 'server connections are kept and shared unless an option closes them: remove option httpclose and option http-server-close',
    snippet: 'option http-keep-alive\nhttp-reuse safe',
  },
  {
    where: 'Python, Django',
    stack: 'Python',
    library: 'Django',
    to: 'database',
    text: 'Django closes its connection at the end of each request unless CONN_MAX_AGE is set, in the entry of DATABASES itself: seconds that each thread keeps its own, with a check before it is used',
    snippet: '"CONN_MAX_AGE": 60,\n"CONN_HEALTH_CHECKS": True,',
  },
  {
    where: 'Python',
    stack: 'Python',
    programs: /^(python|gunicorn|uvicorn|celery|uwsgi)/,
    text: 'keep one client or engine for the whole process (requests.Session, httpx.Client, an SQLAlchemy engine with its pool), not one for each request',
  },
];

/** Of a program that is not known. */
const GENERAL: Fix = {
  where: 'the application',
  text: 'keep connections: an HTTP client or a pool that lives as long as the process',
};

/**
 * How a client reuses its connections: as its program does it where that is known, else in every way that may be meant.
 *
 * @param facts of its program; undefined where it was not looked at
 * @param toDatabase whether the server is a known database
 */
export function reuseFixes(
  program: string | undefined,
  facts: StackFacts | undefined,
  toDatabase: boolean,
): { fixes: Fix[]; isKnown: boolean } {
  const has = (name: string) => facts?.libraries.some((library) => library.name === name) === true;
  const fitting = CLIENTS.filter(
    ({ to = 'any', library }) =>
      (to === 'any' || (to === 'database') === toDatabase) && (library === undefined || has(library)),
  );
  const byFacts = fitting.filter(({ stack }) => stack !== undefined && stack === facts?.stack);
  const byName = fitting.filter(({ programs }) => program !== undefined && programs?.test(program) === true);
  const own = byFacts.length > 0 ? byFacts : byName;
  const isKnown = own.length > 0;
  const fixes = (isKnown ? own : [GENERAL, ...fitting]).map(({ where, text, snippet }) => ({
    where,
    text,
    ...(snippet !== undefined && { snippet }),
  }));
  return { fixes, isKnown };
}

/** A server that ends a connection after each answer, whatever its clients ask for. */
interface ClosingServer {
  programs: RegExp;
  name: string;
  fix: Fix;
}

const CLOSING_SERVERS: readonly ClosingServer[] = [
  {
    programs: /^gunicorn/,
    name: 'gunicorn',
    fix: {
      where: 'gunicorn',
      text: 'sync workers answer one request on each connection, which no setting of its clients changes; threads keep connections, where the load makes it worth it and the client keeps them too',
      snippet: '--worker-class gthread --threads 4 --keep-alive 65',
    },
  },
  {
    programs: /^php-fpm/,
    name: 'PHP-FPM',
    fix: {
      where: 'nginx in front of PHP-FPM',
      text: 'a FastCGI connection ends after its answer unless the client asks to keep it; a UNIX socket is cheaper on one machine',
      snippet: 'upstream php { server …; keepalive 8; }\nfastcgi_keep_conn on;',
    },
  },
  {
    programs: /^uwsgi/,
    name: 'uWSGI',
    fix: {
      where: 'uWSGI',
      text: 'the uwsgi protocol has one request on each connection; a UNIX socket is cheaper on one machine, --http11-socket keeps connections',
    },
  },
];

/**
 * The server that closes after each answer, where connecting for each request is how it works and no fault: what its
 * program was found to do, else by its command name, which does not tell workers of another kind apart. Which side
 * closes first says nothing about it: a client that is told that the server will close may be faster.
 *
 * @param facts of the program that listens; undefined where it was not looked at
 */
export function closingServer(
  program: string | undefined,
  facts: StackFacts | undefined,
): Omit<ClosingServer, 'programs'> | undefined {
  if (facts?.keepsAlive === true) return undefined;
  const names = [...(facts?.keepsAlive === false && facts.server !== undefined ? [facts.server] : []), program];
  return CLOSING_SERVERS.find(({ programs }) => names.some((name) => name !== undefined && programs.test(name)));
}

/** What to look at where the server ends each connection first and is not known to have to. */
export const SERVER_CLOSES: Fix = {
  where: 'the server',
  text: 'it is the server that ends them: keep-alive is off there or ends after a few requests or too soon (keepalive_timeout, KeepAlive, max requests per connection), or the client asks for it (HTTP/1.0, Connection: close)',
};
