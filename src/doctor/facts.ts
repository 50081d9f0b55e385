import type { WatchedContainer } from '../model/netns/netns.ts';
import type { Fault } from './rule.ts';

/** A fault that is none: something that other findings build on. */
export function fact(parts: Omit<Fault, 'severity' | 'confidence' | 'fixes'> & Partial<Pick<Fault, 'fixes'>>): Fault {
  return { severity: 'info', confidence: 'high', fixes: [], ...parts };
}

/** How many names a sentence bears. */
const NAMED = 3;

/** `web`, `web and db`, `web, db, cache and 4 more`. */
export function containerNames(containers: readonly WatchedContainer[]): string {
  const names = containers.map(({ name }) => name);
  const more = names.length - NAMED;
  const shown = more > 0 ? [...names.slice(0, NAMED), `${more} more`] : names;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
