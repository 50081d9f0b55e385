/**
 * A function whose result is computed once for each object that it is given, and forgotten with the object.
 * `undefined` is a result too.
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
