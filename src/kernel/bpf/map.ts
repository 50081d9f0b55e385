import type { SystemCalls } from '../system-calls.ts';
import { Attributes, BPF_COMMAND, MAP_CREATE } from './attributes.ts';
import { attempt } from './bpf-error.ts';
import { withLockedMemory } from './locked-memory.ts';

/** Values of enum bpf_map_type, include/uapi/linux/bpf.h. */
export const MAP_TYPE = { HASH: 1, ARRAY: 2, PERCPU_ARRAY: 6, RINGBUF: 27 } as const;

/** Creates a map. @returns its descriptor, for the caller to close @throws {BpfError} */
export function createMap(
  calls: SystemCalls,
  what: string,
  map: { type: number; keyBytes: number; valueBytes: number; entries: number },
): number {
  return attempt(`creating ${what}`, () =>
    withLockedMemory(calls, () =>
      new Attributes(calls, {
        [MAP_CREATE.type]: map.type,
        [MAP_CREATE.keyBytes]: map.keyBytes,
        [MAP_CREATE.valueBytes]: map.valueBytes,
        [MAP_CREATE.entries]: map.entries,
      }).call(BPF_COMMAND.MAP_CREATE),
    ),
  );
}
