import { Failure } from '../../model/failure.ts';

/** What a TARGET on the command line means, before anything was looked up. */
export type TargetSpec =
  | { kind: 'host' }
  | { kind: 'all' }
  | { kind: 'pid'; pid: number }
  | { kind: 'netns'; name: string }
  /** A container by name, id or id prefix; by any runtime where none is named. */
  | { kind: 'container'; name: string; runtime?: string };

/** Runtimes that can be named in front of a container. */
const RUNTIMES = ['docker', 'podman'];

/** Prefixes that the design keeps for runtimes to come. */
const LATER = ['containerd', 'pod', 'ecs', 'compose'];

/**
 * Parses a TARGET argument: one or several, with commas.
 *
 * @throws {Failure} `usage` for text that can be no target, `unsupported` for a runtime to come
 */
export function parseTargets(text: string): TargetSpec[] {
  const parts = text.split(',').filter((part) => part !== '');
  if (parts.length === 0)
    throw new Failure('usage', 'an empty TARGET: name a container, pid:N, netns:NAME, host or all');
  return parts.map(parseTarget);
}

function parseTarget(text: string): TargetSpec {
  if (text === 'host') return { kind: 'host' };
  if (text === 'all') return { kind: 'all' };
  const colon = text.indexOf(':');
  if (colon < 0) return { kind: 'container', name: text };
  const prefix = text.slice(0, colon);
  const rest = text.slice(colon + 1);
  if (rest === '') throw new Failure('usage', `${text}: nothing stands behind the colon`);
  if (prefix === 'pid') {
    if (!/^[1-9][0-9]{0,9}$/.test(rest)) throw new Failure('usage', `${text}: a PID is a number from 1`);
    return { kind: 'pid', pid: Number(rest) };
  }
  if (prefix === 'netns') {
    if (rest.includes('/') && !rest.startsWith('/')) {
      throw new Failure('usage', `${text}: a name of \`ip netns\` or an absolute path is wanted`);
    }
    return { kind: 'netns', name: rest };
  }
  if (RUNTIMES.includes(prefix)) return { kind: 'container', name: rest, runtime: prefix };
  if (LATER.includes(prefix))
    throw new Failure('unsupported', `${text}: targets of "${prefix}" are not known yet; use pid:N`);
  throw new Failure(
    'usage',
    `${text}: unknown kind of target "${prefix}"; known are docker, podman, pid, netns, host, all`,
  );
}
