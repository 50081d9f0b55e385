import { proposal } from '../../base/nearest.ts';
import { Failure } from '../../model/failure.ts';
import { type PodSpec, parsePodTarget } from './pod-target.ts';
import { parseServiceTarget, SERVICE_PREFIXES, type ServiceSpec } from './service-target.ts';
import { isPattern } from './target-pattern.ts';

/** A parsed TARGET of the command line; whether it exists is not known yet. */
export type TargetSpec =
  | { kind: 'host' }
  | { kind: 'all' }
  | { kind: 'pid'; pid: number }
  | { kind: 'netns'; name: string }
  /** A container by name, id or id prefix; by any runtime where none is named. */
  | { kind: 'container'; name: string; runtime?: string }
  /** Every container whose name matches a glob. */
  | { kind: 'pattern'; pattern: string; runtime?: string }
  | ServiceSpec
  | PodSpec;

/** Prefixes that select the runtime of a container. */
const RUNTIMES = ['docker', 'podman', 'containerd', 'cri-o', 'lxc', 'lxd', 'incus', 'nspawn'];

/**
 * Parses a TARGET argument: one target, or several separated by commas.
 *
 * @throws {Failure} `usage` for text that is not a target
 */
export function parseTargets(text: string): TargetSpec[] {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length === 0) throw new Failure('usage', 'empty TARGET; give a container, pid:N, netns:NAME, host or all');
  return parts.map(parseTarget);
}

function parseTarget(text: string): TargetSpec {
  if (text === 'host') return { kind: 'host' };
  if (text === 'all') return { kind: 'all' };
  const colon = text.indexOf(':');
  if (colon < 0) return containerSpec(text);
  const prefix = text.slice(0, colon);
  const rest = text.slice(colon + 1);
  if (rest === '') throw new Failure('usage', `${text}: nothing follows the colon`);
  if (prefix === 'pid') {
    if (!/^[1-9][0-9]{0,9}$/.test(rest)) throw new Failure('usage', `${text}: a PID is a number from 1`);
    return { kind: 'pid', pid: Number(rest) };
  }
  if (prefix === 'netns') {
    if (rest.includes('/') && !rest.startsWith('/')) {
      throw new Failure('usage', `${text}: expected a name of \`ip netns\` or an absolute path`);
    }
    return { kind: 'netns', name: rest };
  }
  const service = parseServiceTarget(text);
  if (service !== undefined) return service;
  const pod = parsePodTarget(text);
  if (pod !== undefined) return pod;
  if (RUNTIMES.includes(prefix)) return { ...containerSpec(rest), runtime: prefix };
  throw new Failure(
    'usage',
    `${text}: unknown kind of target "${prefix}"; expected docker, podman, containerd, cri-o, lxc, lxd, incus, nspawn, pod, compose, ecs, pid, netns, host or all${proposal(prefix, [...RUNTIMES, ...SERVICE_PREFIXES, 'pod', 'pid', 'netns'])}`,
  );
}

function containerSpec(text: string): Extract<TargetSpec, { kind: 'container' | 'pattern' }> {
  return isPattern(text) ? { kind: 'pattern', pattern: text } : { kind: 'container', name: text };
}
