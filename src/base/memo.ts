/**
 * Caches the result of a function for each object that it is called with. A cached result, which can be
 * `undefined`, is collected together with its object.
 */
export function perObject<K extends object, T>(compute: (of: K) => T): (of: K) => T {
  const results = new WeakMap<K, { result: T }>();
  return (of) => {
    let known = results.get(of);
    if (known === undefined) {
      known = { result: compute(of) };
      results.set(of, known);
    }
    return known.result;
  };
}
