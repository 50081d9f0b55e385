import type { Machine } from '../collect/machine.ts';
import { LiveSnapshot } from './live/live-snapshot.ts';
import type { Recorded } from './open-source.ts';
import type { Snapshot } from './snapshot.ts';

/** What a snapshot is taken of, and when. */
export interface SnapshotOptions {
  /** A TARGET as typed, several with commas; undefined for what `ps` lists. */
  target?: string | undefined;
  /** Without a TARGET: also namespaces without a container, and the host. Ignored for a recording. */
  all?: boolean | undefined;
  /** Whether a container as TARGET means its whole network namespace. */
  wholeNetns?: boolean | undefined;
  /** A recording to read from; undefined for this machine. */
  from?: Recorded | undefined;
}

/**
 * Opens a snapshot of this machine or of a recording.
 *
 * @throws {Failure} `no-target` for a TARGET that does not exist, `usage` for a file that is not a recording
 */
export async function openSnapshot(machine: Machine, options: SnapshotOptions): Promise<Snapshot> {
  const { target, all = false, wholeNetns = false, from } = options;
  if (from !== undefined) {
    // Loaded only for --from: a one-shot command on this machine does not pay for reading recordings.
    const { RecordedSnapshot } = await import('./recorded/recorded-snapshot.ts');
    const { fileInput } = await import('./recorded/file-input.ts');
    return RecordedSnapshot.open(fileInput(from.file), from.untilMs, target, wholeNetns);
  }
  return target === undefined ? LiveSnapshot.ofAll(machine, all) : LiveSnapshot.of(machine, target, wholeNetns);
}
