import type { Program, ProgramClass } from '../model/container/program.ts';

/** Known programs by the file name of the executable; an empty `name` stands for the name of the process. */
const KNOWN: readonly { pattern: RegExp; name: string; raises: boolean; how: string }[] = [
  raising(/^(node|nodejs)$/, 'Node.js', 'raises it to the hard limit at start, at most to 1048576'),
  raising(/^deno$/, 'Deno', 'raises it to the hard limit at start'),
  raising(/^bun$/, 'Bun', 'raises it to the hard limit at start'),
  raising(/^java$/, 'HotSpot', 'raises it to the hard limit at start (MaxFDLimit)'),
  lasting(/^python[\d.]*$/, 'Python'),
  lasting(/^(ruby|irb)[\d.]*$/, 'Ruby'),
  lasting(/^php(-fpm|-cgi)?[\d.]*$/, 'PHP'),
  lasting(/^perl[\d.]*$/, 'Perl'),
  lasting(/^nginx$/, 'nginx', 'does not change it, unless worker_rlimit_nofile is set'),
  lasting(/^(busybox|sh|dash|ash|bash|sleep)$/, ''),
];

/**
 * Whether a program raises its own soft limit of open files at start.
 *
 * A Go program does when it was built with Go 1.19 or later and imports package os, as nearly all
 * do; newer versions set the hard limit minus one. Its child processes get the original limit.
 */
export function programClass({ executable, name, isGo }: Program): ProgramClass {
  if (isGo) {
    return { name: 'Go', raisesSoftLimit: true, how: 'raises it to the hard limit at start (since Go 1.19)' };
  }
  // One file can be several programs: Debian's redis-server is a link to redis-check-rdb, busybox is a whole system.
  // What a known program does is decided by the file; what it is called, by the process.
  const file = executable?.split('/').at(-1) ?? name;
  const known = KNOWN.find(({ pattern }) => pattern.test(file));
  if (known === undefined) return { name: name || file, raisesSoftLimit: undefined, how: undefined };
  return { name: known.name || name || file, raisesSoftLimit: known.raises, how: known.how };
}

function raising(pattern: RegExp, name: string, how: string) {
  return { pattern, name, raises: true, how };
}

function lasting(pattern: RegExp, name: string, how = 'does not change it') {
  return { pattern, name, raises: false, how };
}
