import type { Fix } from '../../model/finding/finding.ts';
import type { StackFacts, StackName } from '../../model/stack/stack-facts.ts';
import type { Database } from '../pools/servers.ts';
import { EXPIRE, expireFix } from './pool-fixes.ts';

/**
 * Why connections that the peer closed are held: data before the end waits for a reader (`stuck`), nothing reads them
 * (`unwatched`), or the end was read and the connection not closed (`read`).
 */
export type HeldWhy = 'stuck' | 'unwatched' | 'read';

/** How a program closes what it is done with. */
interface ClosingWords {
  where: string;
  stack: StackName;
  /** Names of its executable, as the kernel has them; absent for programs that are named as their owner likes. */
  programs?: RegExp;
  text: string;
  snippet: string;
}

const HTTP: readonly ClosingWords[] = [
  {
    where: 'Go net/http',
    stack: 'Go',
    text: 'close the body of every response, on every path, also where only its status matters; read it to its end before, and the connection is used again',
    snippet: 'defer resp.Body.Close()\nio.Copy(io.Discard, resp.Body)',
  },
  {
    where: 'Python',
    stack: 'Python',
    programs: /^(python|gunicorn|uvicorn|celery|uwsgi)/,
    text: 'close each session, client and response (`with`, `async with`), or keep one requests.Session, httpx.Client or aiohttp.ClientSession for the whole process',
    snippet: 'with requests.Session() as session:\n    session.get(url, timeout=10)',
  },
  {
    where: 'Node',
    stack: 'Node.js',
    programs: /^(node|nodejs|MainThread|npm|PM2)/,
    text: 'read or destroy the body of every response (response.resume(), await response.body.cancel()), and close sockets on "end", "error" and "timeout"',
    snippet: "socket.on('end', () => socket.destroy())",
  },
  {
    where: 'Java',
    stack: 'Java',
    programs: /^java/,
    text: 'close every response and stream with try-with-resources, and let the pool of the client drop what its peer has closed (Apache HttpClient: evictIdleConnections)',
    snippet: 'try (CloseableHttpResponse response = client.execute(request)) { … }',
  },
  {
    where: '.NET',
    stack: '.NET',
    programs: /^dotnet/,
    text: 'dispose every response and stream, and share one HttpClient',
    snippet: 'using var response = await client.SendAsync(request);',
  },
  {
    where: 'Ruby',
    stack: 'Ruby',
    programs: /^(ruby|puma|rails|sidekiq|unicorn)/,
    text: 'close connections in a block or in ensure',
    snippet: 'Net::HTTP.start(host, port) { |http| … }',
  },
  {
    where: 'PHP',
    stack: 'PHP-FPM',
    programs: /^php/,
    text: 'close streams and handles when they are done with (fclose, curl_close), also those that a persistent worker keeps',
    snippet: 'try { … } finally { fclose($stream); }',
  },
];

const GENERAL: Pick<ClosingWords, 'where' | 'text'> & { snippet?: string } = {
  where: 'the application',
  text: 'close() the connection (response body, session, result set, client) on every path, that of errors too',
};

/**
 * How a program gives up connections that its peer has closed, in its own words where they are known.
 *
 * @param facts of the program; undefined where it was not looked at
 * @param database the peer where it is a known database: then a pool holds them
 * @param isServer whether the peers are clients of a listener: the program closes what it accepted
 */
export function closeFix(
  why: HeldWhy,
  program: string | undefined,
  facts: StackFacts | undefined,
  database: Pick<Database, 'name'> | undefined,
  isServer = false,
): Fix {
  if (isServer && why === 'read') return serverFix(program, facts);
  const known =
    HTTP.find(({ stack }) => stack === facts?.stack) ??
    HTTP.find(({ programs }) => program !== undefined && programs?.test(program) === true);
  const { where, text, snippet } = known ?? GENERAL;
  const toDatabase = database !== undefined;
  if (toDatabase && why === 'unwatched') {
    const fix = expireFix({ stack: facts, database }, 'N');
    return {
      ...fix,
      text: `the end of file was never read: idle connections of a pool, which nobody watches. ${fix.text}; close what is not given back`,
    };
  }
  const words = toDatabase ? GENERAL.text : text;
  return {
    where: toDatabase ? GENERAL.where : where,
    text: `${REASONS[why]}${words}${why === 'unwatched' ? `; ${EXPIRE}` : ''}`,
    ...(!toDatabase && snippet !== undefined && { snippet }),
  };
}

/** How a server closes a connection whose client has ended it, by its stack. */
const ACCEPTED: readonly (readonly [StackName, RegExp | undefined, string, string])[] = [
  ['Go', undefined, 'Go net', 'defer conn.Close()   // first line of the handler; also of what Hijack() returned'],
  [
    'Python',
    /^(python|gunicorn|uvicorn|celery|uwsgi)/,
    'Python',
    'try: … finally: writer.close()   # asyncio; with connection: … of a socket',
  ],
  [
    'Node.js',
    /^(node|nodejs|MainThread)/,
    'Node',
    "socket.on('end', () => socket.end())   // allowHalfOpen: false does it",
  ],
  ['Java', /^java/, 'Java', 'try (Socket client = server.accept()) { … }   // read() of -1 is the end'],
];

function serverFix(program: string | undefined, facts: StackFacts | undefined): Fix {
  const known = ACCEPTED.find(
    ([stack, programs]) => stack === facts?.stack || (program !== undefined && programs?.test(program) === true),
  );
  return {
    where: known?.[2] ?? 'the application',
    text: `${REASONS.read}its handler sees that the client has ended the connection (a read of nothing) and returns without closing it; close each accepted connection on every path, that of errors too`,
    ...(known !== undefined && { snippet: known[3] }),
  };
}

const REASONS: Readonly<Record<HeldWhy, string>> = {
  stuck:
    'data that came before the end was never read: its reader waits for something else, or the connection is forgotten. Read and write with a deadline, and ',
  unwatched: 'the end of file was never read: the connection is forgotten, or idle in a pool that nobody watches. ',
  read: 'the end of file was read, but close() is missing: ',
};
