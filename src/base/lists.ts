/** Adds a value to the list that a map has under a key, and begins the list where there is none. */
export function pushTo<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** Values by their key, in the order of each key's first one; those whose key is undefined are left out. */
export function grouped<K, V>(values: Iterable<V>, keyOf: (value: V) => K | undefined): Map<K, V[]> {
  const groups = Map.groupBy(values, keyOf);
  groups.delete(undefined);
  return groups as Map<K, V[]>;
}
