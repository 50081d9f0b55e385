import type { Fix } from '../../model/finding/finding.ts';
import type { StackFacts, StackName } from '../../model/stack/stack-facts.ts';

/** How a program gets more workers, and a longer queue in front of them. */
interface WorkerWords extends Fix {
  stack?: StackName;
  /** Names of its HTTP server or of its executable, as the kernel has them. */
  programs: RegExp;
}

/** From the manual of each. */
const WORKERS: readonly WorkerWords[] = [
  {
    where: 'the pool of PHP-FPM',
    stack: 'PHP-FPM',
    programs: /^php-fpm/,
    text: 'more children (pm.max_children), as many as the memory takes, or faster pages: each serves one request. A longer listen.backlog only takes up bursts, up to net.core.somaxconn',
    snippet: 'pm.max_children = N\nlisten.backlog = 4096',
  },
  {
    where: 'gunicorn',
    programs: /^gunicorn/,
    text: 'more workers or threads: each serves one request. A longer --backlog only takes up bursts',
    snippet: '--workers N --threads N --backlog 4096',
  },
  {
    where: 'uWSGI',
    programs: /^uwsgi/,
    text: 'more processes or threads: each serves one request. A longer --listen only takes up bursts, up to net.core.somaxconn',
    snippet: '--processes N --threads N --listen 4096',
  },
  {
    where: 'Puma',
    programs: /^puma/,
    text: 'more workers or threads: each serves one request. A longer backlog of the bind only takes up bursts',
    snippet: "workers N\nthreads N, N\nbind 'unix:///path?backlog=4096'",
  },
  {
    where: 'Unicorn',
    programs: /^unicorn/,
    text: 'more workers: each serves one request. A longer backlog only takes up bursts',
    snippet: 'worker_processes N\nlisten "/path", backlog: 4096',
  },
  {
    where: 'uvicorn',
    programs: /^uvicorn/,
    text: 'nothing blocking in a coroutine, and more workers. A longer --backlog only takes up bursts',
    snippet: '--workers N --backlog 4096',
  },
];

/** Of a program that is not known. */
const GENERAL: Fix = {
  where: 'the application',
  text: 'more workers: connections come in faster than they are accepted. A longer backlog of listen() only takes up bursts',
};

/**
 * How what waits in an accept queue is served sooner, in the words of the program.
 *
 * @param facts of the program that listens; undefined where it was not looked at
 */
export function workerFix(program: string | undefined, facts: StackFacts | undefined): Fix {
  const names = [facts?.server, program];
  const known =
    WORKERS.find(({ stack }) => stack !== undefined && stack === facts?.stack) ??
    WORKERS.find(({ programs }) => names.some((name) => name !== undefined && programs.test(name)));
  const { where, text, snippet } = known ?? GENERAL;
  return { where, text, ...(snippet !== undefined && { snippet }) };
}
