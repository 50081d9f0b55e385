import type { Program, ProgramClass } from '../model/container/program.ts';

/** Programs by the last part of their executable's path; that itself is the name where none stands here. */
const KNOWN: readonly { pattern: RegExp; name: string; raises: boolean; how: string }[] = [
  raising(/^(node|nodejs)$/, 'Node.js', 'raises it to the hard limit at start, at most to 1048576'),
  raising(/^deno$/, 'Deno', 'raises it to the hard limit at start'),
  raising(/^bun$/, 'Bun', 'raises it to the hard limit at start'),
  raising(/^java$/, 'HotSpot', 'raises it to the hard limit at start (MaxFDLimit)'),
  lasting(/^python[\d.]*$/, 'Python'),
  lasting(/^(ruby|irb)[\d.]*$/, 'Ruby'),
  lasting(/^php(-fpm|-cgi)?[\d.]*$/, 'PHP'),
  lasting(/^perl[\d.]*$/, 'Perl'),
  lasting(/^nginx$/, 'nginx', 'keeps it, unless worker_rlimit_nofile is set'),
  lasting(/^(busybox|sh|dash|ash|bash|sleep)$/, ''),
];

/**
 * Whether a program raises its own soft limit of open files at start.
 *
 * A Go program does when it was built with Go 1.19 or later and uses package os, which nearly all
 * do; newer ones stop one short of the hard limit. What a Go program starts gets the original back.
 */
export function programClass({ executable, name, isGo }: Program): ProgramClass {
  if (isGo) {
    return { name: 'Go', raisesSoftLimit: true, how: 'raises it to the hard limit at start (since Go 1.19)' };
  }
  const file = executable?.split('/').at(-1) ?? name;
  const known = KNOWN.find(({ pattern }) => pattern.test(file));
  if (known === undefined) return { name: file, raisesSoftLimit: undefined, how: undefined };
  return { name: known.name || file, raisesSoftLimit: known.raises, how: known.how };
}

function raising(pattern: RegExp, name: string, how: string) {
  return { pattern, name, raises: true, how };
}

function lasting(pattern: RegExp, name: string, how = 'keeps it as it is') {
  return { pattern, name, raises: false, how };
}
