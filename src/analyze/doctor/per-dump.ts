import type { NetnsSeries } from '../../model/series.ts';
import type { Dump } from './snapshots/snapshots.ts';

/** What is made of a dump of a namespace, made once for all the rules that ask. */
export function perDump<T>(make: (space: NetnsSeries, dump: Dump) => T): (space: NetnsSeries, dump: Dump) => T {
  const known = new WeakMap<NetnsSeries, Map<Dump, T>>();
  return (space, dump) => {
    let byDump = known.get(space);
    if (byDump === undefined) {
      byDump = new Map();
      known.set(space, byDump);
    }
    const before = byDump.get(dump);
    if (before !== undefined) return before;
    const made = make(space, dump);
    byDump.set(dump, made);
    return made;
  };
}
