import type { SpaceLook } from '../collect/sampling/source.ts';
import type { Coverage } from '../model/snapshot.ts';

/** A look that is older than this is told. */
const OLD_MS = 2500;

export const LIGHTLY =
  'summary recording (record --full for more): only TCP, without TIME_WAIT and without the kernel data of each connection';

/** What a recorded look covers at a moment. */
export function recordedCoverage({ coverage, withoutStates, takenAtMs }: SpaceLook, atMs: number): Coverage {
  const notes = [...coverage.notes];
  if (withoutStates !== 0) notes.push(LIGHTLY);
  const age = atMs - takenAtMs;
  if (age > OLD_MS)
    notes.push(
      `its sockets were read ${Math.round(age / 1000)} s before: the last time that something moved, or that there was time for it`,
    );
  return { complete: coverage.complete && withoutStates === 0, notes };
}
