import { perObject } from '../../base/memo.ts';
import type { NetnsSeries } from '../../model/sample/series.ts';
import type { Dump } from './snapshots.ts';

/** What is made of a dump of a namespace, made once for all the rules that ask. */
export function perDump<T>(make: (netns: NetnsSeries, dump: Dump) => T): (netns: NetnsSeries, dump: Dump) => T {
  const ofNetns = perObject((netns: NetnsSeries) => perObject((dump: Dump) => make(netns, dump)));
  return (netns, dump) => ofNetns(netns)(dump);
}
