import { perObject } from '../../base/memo.ts';
import type { SpaceSeries } from '../../model/series.ts';
import type { Dump } from './looks.ts';

/** What is made of a dump of a namespace, made once for all the rules that ask. */
export function perDump<T>(make: (space: SpaceSeries, dump: Dump) => T): (space: SpaceSeries, dump: Dump) => T {
  const ofSpace = perObject((space: SpaceSeries) => perObject((dump: Dump) => make(space, dump)));
  return (space, dump) => ofSpace(space)(dump);
}
