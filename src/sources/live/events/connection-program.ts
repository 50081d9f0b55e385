import {
  CONNECTION_RECORD,
  type ConnectionFields,
  type ConnectionPart,
  connectionEventsProgram,
} from '../../../bpf/programs/connection-events.ts';
import type { SystemCalls } from '../../../kernel/system-calls.ts';
import { type ProgramMaker, WatchedPrograms } from './watched-programs.ts';

/** Default size of the ring buffer: what 15,000 connections a second, both ends, write in a second. */
const RING_BYTES = 16 * 1024 * 1024;

const PARTS: readonly ConnectionPart[] = ['opening', 'rest'];
const HALF_CLOSES: readonly ConnectionPart[] = ['closing', 'peer-closing'];

/**
 * Loads and attaches the programs that record connections.
 *
 * @param ringBytes of the ring buffer; undefined for the default
 * @param halfCloses whether there is a record, too, when one side of a connection closes
 * @throws {BtfError}, {BpfError} where the kernel lacks something, or does not permit it
 */
export function loadConnectionPrograms(
  calls: SystemCalls,
  ringBytes = RING_BYTES,
  halfCloses = false,
): WatchedPrograms<ConnectionFields> {
  const watched = new WatchedPrograms(calls, CONNECTION_RECORD, ringBytes);
  try {
    watched.attach(
      [...PARTS, ...(halfCloses ? HALF_CLOSES : [])].map(
        (part): ProgramMaker =>
          (types, maps, level) =>
            connectionEventsProgram(types, maps, part, level),
      ),
    );
    return watched;
  } catch (error) {
    watched.close();
    throw error;
  }
}
