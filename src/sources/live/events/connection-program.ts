import fs from 'node:fs';
import {
  CONNECTION_RECORD,
  type ConnectionFields,
  type ConnectionPart,
  connectionEventsProgram,
  RECORDED_BYTES,
} from '../../../bpf/programs/connection-events.ts';
import { createMap, MAP_TYPE } from '../../../kernel/bpf/map.ts';
import type { SystemCalls } from '../../../kernel/system-calls.ts';
import { type ProgramMaker, WatchedPrograms } from './watched-programs.ts';

/** Default size of the ring buffer: what 15,000 connections a second, both ends, write in a second. */
const RING_BYTES = 16 * 1024 * 1024;

/** In the order in which the kernel runs them: a second program comes after its first. */
const PARTS: readonly ConnectionPart[] = ['opening', 'rest', 'rest-second'];
const HALF_CLOSES: readonly ConnectionPart[] = ['closing', 'peer-closing', 'peer-closing-second'];

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
    const recordedFd = createRecorded(calls);
    try {
      watched.attach(
        [...PARTS, ...(halfCloses ? HALF_CLOSES : [])].map(
          (part): ProgramMaker =>
            (types, maps, level) =>
              connectionEventsProgram(types, { ...maps, recordedFd }, part, level),
        ),
      );
    } finally {
      // The programs keep the map.
      fs.closeSync(recordedFd);
    }
    return watched;
  } catch (error) {
    watched.close();
    throw error;
  }
}

/** Creates the map `ConnectionMaps.recordedFd`. @returns its descriptor, for the caller to close @throws {BpfError} */
export function createRecorded(calls: SystemCalls): number {
  const map = { type: MAP_TYPE.PERCPU_ARRAY, keyBytes: 4, valueBytes: RECORDED_BYTES, entries: 1 };
  return createMap(calls, 'an array for each processor', map);
}
