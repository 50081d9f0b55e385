import type { Evidence, Fix } from '../../model/finding/finding.ts';
import type { LibraryProof, StackFacts, StackLibrary } from '../../model/stack/stack-facts.ts';
import { neverCalls } from '../../stacks/go/never-called.ts';
import type { PeerKind, PoolWords } from '../../stacks/pool-words.ts';
import { usualWords, wordsFor } from '../../stacks/words-for.ts';
import type { Database } from '../pools/servers.ts';

/** What a pool's owner and server are known to be. */
export interface PoolOwner {
  /** The program of the process; undefined where it was not looked at. */
  stack: StackFacts | undefined;
  /** Undefined for a server that is no known database. */
  database: Pick<Database, 'name'> | undefined;
}

const PEERS: Readonly<Record<Database['name'], PeerKind | undefined>> = {
  MySQL: 'MySQL',
  PostgreSQL: 'PostgreSQL',
  PgBouncer: 'PostgreSQL',
  Redis: 'Redis',
  memcached: undefined,
};

/**
 * How the pool is capped: the setting of the library that the program has, in its words. Where that is not known, the
 * fix says so and names the settings of the usual libraries.
 *
 * @param cap undefined where no number is known
 */
export function capFixes(owner: PoolOwner, cap: number | undefined): Fix[] {
  const found = wordsOf(owner);
  if (found === undefined) return [generalCap(owner, cap)];
  const { where, cap: words } = found.words;
  return [{ where, text: words.text, snippet: words.snippet(cap ?? 'N') }];
}

/** How to have fewer idle connections; as {@link capFixes}. */
export function idleFixes(owner: PoolOwner): Fix[] {
  const found = wordsOf(owner);
  if (found === undefined) {
    const text = `${unknownText(owner)}; keep fewer idle connections, or let them end after a minute: ${usualIdle(owner)}`;
    return [{ where: 'the application', text }];
  }
  const { where, idle, cap } = found.words;
  if (idle === undefined) return [{ where, text: `it has no idle limit of its own: lower ${cap.setting}` }];
  const { text, snippet } = idle;
  return [{ where, text, ...(snippet !== undefined && { snippet }) }];
}

/**
 * How a pool gives up idle connections before its server does, or notices that it did: in the words of the library that
 * the program has, else of the usual ones.
 *
 * @param seconds below the idle time of the server; `N` where that is not known
 */
export function expireFix(owner: PoolOwner, seconds: number | 'N'): Fix {
  const words = wordsOf(owner)?.words;
  if (words?.expire === undefined) return { where: "the pool's settings", text: capital(EXPIRE) };
  const { text, snippet } = words.expire;
  return { where: words.where, text, snippet: snippet(seconds) };
}

/** What {@link expireFix} says where the library is not known, as a clause. */
export const EXPIRE =
  'a pool must end idle connections sooner than the peer does (SQLAlchemy pool_recycle, Go SetConnMaxIdleTime, HikariCP maxLifetime, mysql2 idleTimeout) or test each before it is used (SQLAlchemy pool_pre_ping=True, redis-py health_check_interval)';

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Evidence of which program it is: `go-sql-driver/mysql v1.7.1 in /webhook`; empty where it is not known. */
export function stackEvidence(owner: PoolOwner): Evidence[] {
  const { stack: facts } = owner;
  if (facts?.stack === undefined) return [];
  const runtime = `${facts.stack}${facts.version === undefined ? '' : ` ${facts.version}`}`;
  const libraries = wordsOf(owner)?.libraries ?? [];
  if (libraries.length === 0) {
    return facts.path === undefined
      ? []
      : [{ what: 'program', value: `${runtime}, ${facts.path}`, source: '/proc/PID/exe' }];
  }
  const [first] = libraries as readonly [StackLibrary];
  const names = libraries.map(({ name, version }) => (version === undefined ? name : `${name} ${version}`));
  return [{ what: 'program', value: `${names.join(', ')} in ${first.path}, ${runtime}`, source: SOURCES[first.proof] }];
}

/** Whether the program is proven never to cap its pool to this server. */
export function isNeverCapped({ stack, database }: PoolOwner): boolean {
  return neverCalls(stack, peerOf(database), 'SetMaxOpenConns');
}

const SOURCES: Readonly<Record<LibraryProof, string>> = {
  linked: 'linked into the executable',
  loaded: '/proc/PID/maps',
  packed: 'packed into an open file',
  installed: 'installed beside the program',
  bundled: 'bundled into the program',
  locked: 'lock file beside the program',
};

function wordsOf({ stack, database }: PoolOwner) {
  return wordsFor(stack, peerOf(database));
}

function peerOf(database: PoolOwner['database']): PeerKind | undefined {
  return database === undefined ? undefined : PEERS[database.name];
}

function generalCap(owner: PoolOwner, cap: number | undefined): Fix {
  const { stack, database } = owner;
  const names = usualWords(stack, peerOf(database)).map(listed);
  // For a server that is no known database the client may be one of HTTP.
  if (database === undefined && (stack?.stack === undefined || stack.stack === 'Go')) {
    names.push('MaxConnsPerHost (Go net/http Transport, unlimited by default)');
  }
  const number = cap === undefined ? '' : ` at ${cap}`;
  return { where: 'the application', text: `${unknownText(owner)}; cap its pool${number}: ${names.join(', ')}` };
}

function unknownText({ stack }: PoolOwner): string {
  if (stack === undefined) return 'its program is not known';
  if (stack.stack === undefined) return 'its program is none of the known ones';
  return `${stack.stack}${stack.version === undefined ? '' : ` ${stack.version}`}, and which library connects is not known`;
}

function usualIdle({ stack, database }: PoolOwner): string {
  return usualWords(stack, peerOf(database))
    .flatMap(({ where, idle }) =>
      idle === undefined ? [] : [`${idle.snippet?.split('\n').at(-1) ?? idle.text} (${where})`],
    )
    .join(', ');
}

function listed({ where, cap }: PoolWords): string {
  return `${cap.setting} (${where})`;
}
