import * as v from 'valibot';
import { issueText } from '../base/issue-text.ts';
import type { WatchedContainer, WatchedNetns } from '../model/netns/netns.ts';
import type { RecordedDetails, RecordedNames, RecordingHeader } from '../model/sample/recorded.ts';
import type { HostSample, PidsUse, ProcessSample, SocketMemory } from '../model/sample/sample.ts';
import { EVENT_SOURCES } from '../model/socket/connection-event.ts';
import { LIBRARY_PROOFS, SETTING_PROOFS, STACK_NAMES, type StackFacts } from '../model/stack/stack-facts.ts';
import { RecordingError } from './recording-error.ts';

const texts = v.record(v.string(), v.string());
/** A limit; null is `Infinity`, which JSON does not have. */
const limit = v.pipe(
  v.nullable(v.number()),
  v.transform((value) => value ?? Number.POSITIVE_INFINITY),
);

const declared = v.looseObject({
  limits: v.array(v.looseObject({ name: v.string(), soft: limit, hard: limit })),
  image: v.exactOptional(v.string()),
  commandDigest: v.exactOptional(v.string()),
  ociRuntime: v.exactOptional(v.string()),
  pidsLimit: v.exactOptional(v.number()),
  sysctls: texts,
  published: v.array(
    v.looseObject({ proto: v.string(), containerPort: v.number(), hostPort: v.exactOptional(v.number()) }),
  ),
});

const pod = v.looseObject({
  id: v.string(),
  name: v.string(),
  namespace: v.exactOptional(v.string()),
  uid: v.exactOptional(v.string()),
  container: v.exactOptional(v.string()),
  attempt: v.exactOptional(v.number()),
});

const container = v.looseObject({
  name: v.string(),
  runtimeName: v.exactOptional(v.string()),
  runtime: v.string(),
  id: v.string(),
  labels: texts,
  addresses: v.array(v.looseObject({ network: v.string(), address: v.string() })),
  gateways: v.exactOptional(v.array(v.string())),
  pid: v.number(),
  pod: v.exactOptional(pod),
  networkMode: v.exactOptional(v.string()),
  cgroup: v.exactOptional(v.string()),
  declared: v.exactOptional(declared),
}) satisfies v.GenericSchema<unknown, WatchedContainer>;

const namespace = v.looseObject({
  netns: v.number(),
  name: v.string(),
  targets: v.array(v.string()),
  host: v.boolean(),
  madeBy: v.exactOptional(v.array(v.string())),
  containers: v.array(container),
  scope: v.exactOptional(v.array(v.string())),
}) satisfies v.GenericSchema<unknown, WatchedNetns>;

/** Milliseconds since the epoch, within the range of `Date`. */
export const TIME = v.pipe(v.number(), v.minValue(-8.64e15), v.maxValue(8.64e15));

/** The first line; its type and version are checked before. */
export const HEADER = v.looseObject({
  version: v.number(),
  startedAtMs: TIME,
  intervalMs: v.pipe(v.number(), v.minValue(0)),
  target: v.optional(v.string(), ''),
  closely: v.optional(v.boolean(), false),
  events: v.optional(v.boolean(), false),
  eventSource: v.exactOptional(v.picklist(EVENT_SOURCES)),
  redacted: v.optional(v.boolean(), false),
}) satisfies v.GenericSchema<unknown, RecordingHeader>;

/** A line `spaces`: the current network namespaces and containers. */
export const NAMESPACES = v.looseObject({ spaces: v.array(namespace), containers: v.array(container) });

/** A line `names`. */
export const NAMES = v.looseObject({ hosts: texts, services: texts }) satisfies v.GenericSchema<unknown, RecordedNames>;

const openFilesLimit = v.nullable(v.number());

/** A line `details`. */
export const DETAILS = v.looseObject({
  sysctls: v.record(v.string(), texts),
  devices: v.exactOptional(v.record(v.string(), texts)),
  declared: v.record(v.string(), declared),
  runtimeProcesses: v.array(
    v.looseObject({ pid: v.number(), name: v.string(), softLimit: openFilesLimit, hardLimit: openFilesLimit }),
  ),
}) satisfies v.GenericSchema<unknown, RecordedDetails>;

/** A line `stacks`. */
export const STACKS = v.looseObject({
  stacks: v.array(
    v.looseObject({
      pid: v.number(),
      startTicks: v.number(),
      stack: v.exactOptional(v.picklist(STACK_NAMES)),
      version: v.exactOptional(v.string()),
      path: v.exactOptional(v.string()),
      server: v.exactOptional(v.string()),
      libraries: v.array(
        v.looseObject({
          name: v.string(),
          version: v.exactOptional(v.string()),
          proof: v.picklist(LIBRARY_PROOFS),
          path: v.string(),
        }),
      ),
      settings: v.array(
        v.looseObject({
          name: v.string(),
          value: v.union([v.number(), v.string()]),
          unit: v.exactOptional(v.literal('ms')),
          proof: v.picklist(SETTING_PROOFS),
          path: v.exactOptional(v.string()),
          line: v.exactOptional(v.number()),
          changed: v.exactOptional(v.boolean()),
          of: v.exactOptional(v.string()),
        }),
      ),
      absent: v.array(v.string()),
      workers: v.exactOptional(v.number()),
      keepsAlive: v.exactOptional(v.boolean()),
      sessions: v.exactOptional(v.looseObject({ idleInTransaction: v.number(), waitingForLock: v.number() })),
      stopped: v.exactOptional(v.picklist(['signal', 'freezer'])),
      incomplete: v.exactOptional(v.boolean()),
    }) satisfies v.GenericSchema<unknown, StackFacts>,
  ),
});

const DEAD_PEER = v.looseObject({
  peer: v.exactOptional(v.string()),
  port: v.exactOptional(v.number()),
  count: v.number(),
  fd: v.number(),
});

/** `processes` of a namespace in a tick. */
export const PROCESSES = v.array(
  v.looseObject({
    pid: v.number(),
    name: v.string(),
    startTicks: v.number(),
    container: v.exactOptional(v.string()),
    used: v.number(),
    softLimit: openFilesLimit,
    hardLimit: openFilesLimit,
    kinds: v.exactOptional(
      v.looseObject({
        byKind: v.record(v.string(), v.number()),
        dead: v.exactOptional(v.array(DEAD_PEER)),
      }),
    ),
  }),
) satisfies v.GenericSchema<unknown, ProcessSample[]>;

/** `pids` of a namespace in a tick. */
export const PIDS = v.array(
  v.looseObject({
    container: v.string(),
    current: v.number(),
    max: v.exactOptional(v.number()),
    refused: v.exactOptional(v.number()),
  }),
) satisfies v.GenericSchema<unknown, PidsUse[]>;

/** `memory` of a namespace in a tick. */
export const MEMORY = v.array(
  v.looseObject({ container: v.string(), bytes: v.number(), limitBytes: v.exactOptional(v.number()) }),
) satisfies v.GenericSchema<unknown, SocketMemory[]>;

const count = v.exactOptional(v.number());

/** `host` of a tick; its time is that of the tick. */
export const HOST = v.looseObject({
  tcpMemPages: count,
  tcpMemLimits: v.exactOptional(v.tuple([v.number(), v.number(), v.number()])),
  orphans: count,
  maxOrphans: count,
  filesUsed: count,
  filesMax: count,
  conntrackCount: count,
  conntrackMax: count,
  conntrackDrop: count,
  conntrackEarlyDrop: count,
  conntrackInsertFailed: count,
}) satisfies v.GenericSchema<unknown, Omit<HostSample, 'atMs'>>;

/**
 * Validates a part of a line.
 *
 * @param what name of the part for the error
 * @throws {RecordingError} with the position, what was expected and what was received
 */
export function checked<T>(shape: v.GenericSchema<unknown, T>, value: unknown, what: string): T {
  const result = v.safeParse(shape, value, { abortEarly: true });
  if (result.success) return result.output;
  throw new RecordingError(`${what} is damaged: ${issueText(result.issues[0], 'value')}`);
}
