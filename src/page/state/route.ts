import { signal } from '@preact/signals';
import { hashOf, parseRoute, type Route } from './address.ts';

/** What the page shows now. */
export const route = signal<Route>(parseRoute(location.hash));

/**
 * Follows the address: links, and the browser's way back.
 *
 * @param onChange called before the address is read
 */
export function followAddress(onChange: () => void): void {
  addEventListener('hashchange', () => {
    onChange();
    route.value = parseRoute(location.hash);
  });
}

/**
 * Shows something else, and says so in the address.
 *
 * @param isStep whether the browser's way back leads here: not for each letter of a filter
 */
export function show(change: Partial<Route>, isStep = true): void {
  const next = { ...route.peek(), ...change };
  const hash = hashOf(next);
  if (hash === location.hash) return;
  history[isStep ? 'pushState' : 'replaceState'](null, '', hash);
  route.value = next;
}

/** The address of another page at the same time: for links. */
export function linkTo(page: Route['page'], name = ''): string {
  const { time, recording } = route.value;
  return hashOf({ page, name, filter: '', time, recording, options: {} });
}
