import { formatEndpoint } from '../../base/endpoint-text.ts';
import { IDLE_FLOOR } from '../../model/finding/evidence-words.ts';
import { rowNamesOf } from '../../model/finding/finding.ts';
import type { PoolLane } from '../../serve/protocol/container.ts';
import type { ServedProblem } from '../../serve/protocol.ts';

/** How many idle connections a pool keeps, by the doctor's findings of the time shown. */
export type IdleCaps = (lane: PoolLane) => number | undefined;

/**
 * What the problems say of the pools of a row: the floor that a pool fell back to is what its idle cap lets it keep.
 *
 * @param name of the row
 */
export function idleCapsOf(problems: readonly ServedProblem[], name: string): IdleCaps {
  const caps = new Map<string, number>();
  for (const { findings } of problems) {
    for (const { scope, about, evidence } of findings) {
      const floor = evidence.find(({ what }) => what === IDLE_FLOOR)?.value;
      if (about === undefined || typeof floor !== 'number' || !rowNamesOf(scope).includes(name)) continue;
      if (!caps.has(about)) caps.set(about, floor);
    }
  }
  return ({ name: host, address, port, service }) =>
    address === undefined ? undefined : caps.get(`peer ${formatEndpoint(host ?? address, service ?? port)}`);
}
