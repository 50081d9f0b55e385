import type { Fix } from '../../model/finding/finding.ts';
import type { StackFacts } from '../../model/stack/stack-facts.ts';
import { readerFix } from './reader-fixes.ts';

/** How a call to another service gets a deadline, by the client's stack. */
const DEADLINES: Readonly<Partial<Record<NonNullable<StackFacts['stack']>, string>>> = {
  Go: 'http.Client{Timeout: N * time.Second}   // or context.WithTimeout',
  'Node.js': 'fetch(url, { signal: AbortSignal.timeout(N) })   // milliseconds',
  Python: 'requests.get(url, timeout=N)   # seconds; none by default',
  Java: 'HttpRequest.newBuilder().timeout(Duration.ofSeconds(N))   // setReadTimeout(N) of URLConnection',
  'PHP-FPM': 'default_socket_timeout = N   ; php.ini; CURLOPT_TIMEOUT for curl',
  Ruby: 'http.open_timeout = N; http.read_timeout = N',
};

/** The deadline of a call in the words of a stack; undefined where its program is not known. */
export function deadlineSnippet(stack: StackFacts | undefined, program: string | undefined): string | undefined {
  if (stack?.stack !== undefined) return DEADLINES[stack.stack];
  return BY_PROGRAM.find(([pattern]) => pattern.test(program ?? ''))?.[1];
}

const BY_PROGRAM: readonly (readonly [RegExp, string | undefined])[] = [
  [/^(node|nodejs|MainThread)/, DEADLINES['Node.js']],
  [/^(python|gunicorn|uvicorn)/, DEADLINES.Python],
  [/^java/, DEADLINES.Java],
  [/^php-fpm/, DEADLINES['PHP-FPM']],
];

/** A program whose work stands still for a reason that its connections do not show. */
interface Blocking {
  programs: RegExp;
  fix: Fix;
}

const BLOCKING: readonly Blocking[] = [
  {
    programs: /^(node|nodejs|MainThread)/,
    fix: {
      where: 'Node',
      text: 'something blocks its event loop: a synchronous call (…Sync, Atomics.wait, a long loop or regular expression); do it asynchronously, or in a worker thread',
      snippet: 'kill -USR1 PID; node inspect -p PID   # then "pause" and "bt"',
    },
  },
  {
    programs: /^uvicorn|^hypercorn|^daphne/,
    fix: {
      where: 'Python asyncio',
      text: 'something blocks its event loop: a blocking call in a coroutine; await an asynchronous one, or use asyncio.to_thread (a plain def in FastAPI and Starlette)',
      snippet: 'py-spy dump --pid PID',
    },
  },
  {
    programs: /^(redis-server|valkey-server|keydb-server)/,
    fix: {
      where: 'Redis',
      text: 'one command or script keeps its only thread busy (KEYS, a large range or SORT, DEL of a large key, a long script): find it, and do it in parts (SCAN, UNLINK)',
      snippet: 'SCRIPT KILL   # a script, now\nSLOWLOG GET 10   # afterwards',
    },
  },
  {
    programs: /^java/,
    fix: {
      where: 'Java',
      text: 'all threads that serve this port wait: a thread dump says for what; give the server more threads than can wait at once (an executor), and connections that are held idle a timeout',
      snippet: 'jstack PID',
    },
  },
  { programs: /^(beam|rabbitmq)/, fix: readerFix('beam') },
  {
    programs: /^(gunicorn|uwsgi)/,
    fix: {
      where: 'the application',
      text: 'all its workers wait: for what they call (give that a timeout, and have more workers than can wait at once), or for slow clients that do not send the rest of their request (a proxy that buffers requests before it, as nginx does, keeps those away; threads keep a silent one from holding a worker)',
      snippet: 'py-spy dump --pid PID',
    },
  },
  {
    programs: /^(apache2|httpd)/,
    fix: {
      where: 'Apache',
      text: 'all its workers wait: for what they serve (ProxyTimeout, a timeout in the application), or for slow clients (mod_reqtimeout)',
      snippet: 'RequestReadTimeout header=10-20,MinRate=500 body=20,MinRate=500\nProxyTimeout 30',
    },
  },
  {
    programs: /^python/,
    fix: {
      where: 'the application',
      text: 'all its workers or threads wait: find out for what, give it a timeout, and have more workers than can wait at once',
      snippet: 'py-spy dump --pid PID',
    },
  },
];

/**
 * How to find what a program waits for, where its connections do not tell.
 *
 * @param stopped what stops its process; undefined where it runs
 */
export function blockedFix(program: string | undefined, pid: number | undefined, stopped?: StackFacts['stopped']): Fix {
  if (stopped !== undefined && pid !== undefined) return goOnFix(program, pid, stopped);
  const known = BLOCKING.find(({ programs }) => programs.test(program ?? ''))?.fix ?? GENERAL;
  return known.snippet === undefined || pid === undefined
    ? known
    : { ...known, snippet: known.snippet.replaceAll('PID', String(pid)) };
}

/** The process does nothing at all: nothing that it runs is the cause. */
function goOnFix(program = 'its process', pid: number, stopped: 'signal' | 'freezer'): Fix {
  return stopped === 'signal'
    ? {
        where: 'the process',
        text: `${program} (${pid}) is stopped by a signal (state T: SIGSTOP, Ctrl-Z, or a debugger that is attached): let it go on, and find out who stopped it`,
        snippet: `kill -CONT ${pid}`,
      }
    : {
        where: 'the container',
        text: `${program} (${pid}) is frozen: its container is paused, or the freezer of its cgroup is on (a backup, a snapshot, a checkpoint); let it go on`,
        snippet: 'docker unpause CONTAINER   # podman unpause; cgroup.freeze 0',
      };
}

const GENERAL: Fix = {
  where: 'the application',
  text: 'its process is stopped, or everything that serves this port waits (a lock, a disk, a long computation, idle clients that hold all threads): look at its stacks, and give what it waits for a timeout',
  snippet: 'cat /proc/PID/status /proc/PID/wchan',
};
