import type { WatchedContainer, WatchedNetns } from './netns.ts';

/**
 * The container network of a row, as its runtime calls it: `shop_default`; `host` for the host's; those of several
 * networks have all of their names, `back + front`. What shares another's namespace is where that one is. Undefined where
 * no runtime tells any.
 *
 * @param container undefined for a row that is none
 */
export function networkOf(namespace: WatchedNetns, container: WatchedContainer | undefined): string | undefined {
  if (namespace.host) return 'host';
  const own = container?.addresses ?? [];
  const addresses = own.length > 0 ? own : namespace.containers.flatMap((other) => other.addresses);
  const names = [...new Set(addresses.map(({ network }) => network))].filter((name) => name !== '').sort();
  return names.length === 0 ? undefined : names.join(' + ');
}
