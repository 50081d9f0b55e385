import type { Fix } from '../../model/finding/finding.ts';
import type { StackFacts } from '../../model/stack/stack-facts.ts';
import type { Database } from '../pools/servers.ts';
import { blockedFix, deadlineSnippet } from './deadlines.ts';
import { LOCK_FIXES } from './transaction-fixes.ts';

/** Who waits, and for whom. */
export interface Silence {
  /** The server as a person knows it: `api:8080`. */
  text: string;
  caller: StackFacts | undefined;
  /** Name of the caller's program. */
  program: string | undefined;
  /** The server's process, where it is on this machine. */
  server: { name: string; pid: number; stopped: StackFacts['stopped'] | undefined } | undefined;
  /** The product, where the server is a known database. */
  database: Database['name'] | undefined;
  /** Whether sessions of that database are known to wait for a lock. */
  isLocked: boolean;
}

/** Timeouts of proxies for an answer, by the names of their programs. */
const PROXIES: readonly (readonly [RegExp, string])[] = [
  [/^nginx/, 'proxy_read_timeout 10s; proxy_next_upstream error timeout; proxy_next_upstream_tries 2;'],
  [/^haproxy/, 'timeout server 10s\n  option httpchk   # a check of a page, not of the port alone'],
  [/^(apache2|httpd)/, 'ProxyTimeout 10'],
  [/^envoy/, 'route: { timeout: 10s }'],
];

/** A server answers nothing: what is wrong there, and a deadline for those that call it. */
export function unansweredFixes(silence: Silence): Fix[] {
  const { text, caller, program, server, database, isLocked } = silence;
  const ofDatabase = isLocked ? LOCK_FIXES : waitingStatementFixes(database);
  if (ofDatabase.length > 0) return [...ofDatabase, ...thereFixes(server)];
  const proxy = PROXIES.find(([pattern]) => pattern.test(program ?? ''))?.[1];
  const snippet = proxy ?? deadlineSnippet(caller, program);
  const where = proxy === undefined ? 'the application' : (caller?.stack ?? program ?? 'the proxy');
  return [
    {
      where,
      text: `find out at ${text}${server === undefined ? '' : ` (${server.name}, ${server.pid})`} why it answers nothing: it takes connections and requests, and hangs; until then give each call to it a deadline, so that its callers fail at once instead of waiting with it`,
      ...(snippet !== undefined && { snippet }),
    },
    ...thereFixes(server),
  ];
}

function thereFixes(server: Silence['server']): Fix[] {
  return server === undefined ? [] : [blockedFix(server.name, server.pid, server.stopped)];
}

/** What to look for in a database whose statements have no answer; empty for products that have no locks. */
export function waitingStatementFixes(database: Database['name'] | undefined): readonly Fix[] {
  return database === undefined ? [] : (OF_DATABASE[database] ?? []);
}

const OF_DATABASE: Readonly<Partial<Record<Database['name'], readonly Fix[]>>> = {
  MySQL: [
    {
      where: 'MariaDB or MySQL',
      text: 'its statements wait, mostly for a lock: of a table (FLUSH TABLES WITH READ LOCK of a backup, ALTER TABLE behind a long transaction) or of rows; end the session that holds it, and give statements a lock_wait_timeout (its default is a day) and an innodb_lock_wait_timeout',
      snippet: 'SHOW FULL PROCESSLIST;   -- "Waiting for …"\nKILL ID;',
    },
  ],
  PostgreSQL: [
    {
      where: 'PostgreSQL',
      text: 'see what its sessions wait for, mostly a lock that an idle transaction holds: end that one, and give statements a statement_timeout and a lock_timeout',
      snippet:
        "SELECT pid, state, wait_event_type, wait_event, pg_blocking_pids(pid) FROM pg_stat_activity WHERE state <> 'idle';",
    },
  ],
};
