import { byName } from './by-name.ts';

/** Appends a value to the list under a key of a map; creates the list where the key has none. */
export function pushTo<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** Groups values by key, the largest group first, equal ones by the text of their keys; values whose key is undefined are left out. */
export function groupedBySize<K, V>(values: Iterable<V>, keyOf: (value: V) => K | undefined): [K, V[]][] {
  return [...grouped(values, keyOf)].sort(([a, as], [b, bs]) => bs.length - as.length || byName(String(a), String(b)));
}

/** Groups values by key, in the order of first occurrence; values whose key is undefined are left out. */
export function grouped<K, V>(values: Iterable<V>, keyOf: (value: V) => K | undefined): Map<K, V[]> {
  const groups = Map.groupBy(values, keyOf);
  groups.delete(undefined);
  return groups as Map<K, V[]>;
}
