import { Failure, type FailureKind } from '../model/failure.ts';
import { eachAtom, type Tree } from './tree.ts';

/** A kind of sockets as a filter sees it: which keywords cannot be decided there. */
export interface KnownFields {
  /** Keywords of the filter language that this source cannot decide for any socket. */
  readonly unknown: readonly string[];
  /** Status of the refusal: `usage` where another filter is needed, `unsupported` where another source would know it. */
  readonly kind: Extract<FailureKind, 'usage' | 'unsupported'>;
  /** The refusal, in one line. @param words the keywords, with commas */
  refusal(words: string): string;
}

/** What sock_diag answers at one moment, with what is asked of the kernel beside it. */
export const LIVE_SNAPSHOT: KnownFields = {
  unknown: [],
  kind: 'usage',
  refusal: (words) => `${words}: cannot be decided here`,
};

/** Rows of `/proc/PID/net`. */
export const PROCFS: KnownFields = {
  unknown: ['fwmark', 'cgroup', 'dev', 'autobound', 'idle', 'age', 'rtt', 'retrans'],
  kind: 'unsupported',
  refusal: (words) => `the filter asks for ${words}, which /proc does not tell (sock_diag does: run as root)`,
};

/** Snapshots taken again and again: what needs a question of its own to the kernel is not asked. */
export const SNAPSHOTS_OVER_TIME: KnownFields = {
  unknown: ['fwmark', 'cgroup', 'autobound'],
  kind: 'usage',
  refusal: (words) => `${words}: not told of what is watched; socklens ls takes it`,
};

/** Snapshots of a recording that has every socket with its TCP information. */
export const FULL_RECORDING: KnownFields = {
  unknown: SNAPSHOTS_OVER_TIME.unknown,
  kind: 'usage',
  refusal: (words) => `${words}: a recording does not keep it; filter by something else`,
};

/** Snapshots of a recording without TCP information. */
export const SUMMARY_RECORDING: KnownFields = {
  unknown: [...FULL_RECORDING.unknown, 'idle', 'rtt', 'retrans'],
  kind: 'usage',
  refusal: (words) => `${words}: this recording does not have it; filter by something else, or record --full`,
};

/** Closed connections: what their events say, and what dumps showed before. Of their own recordings too. */
export const CLOSED_CONNECTIONS: KnownFields = {
  unknown: ['fwmark', 'cgroup', 'autobound', 'uid', 'timer', 'keepalive', 'orphan', 'unaccepted', 'sendq'],
  kind: 'usage',
  refusal: (words) => `events do not tell ${words}: filter by something else`,
};

/** Closed connections of a recording whose header does not say `fullEvents`. */
export const OLD_CLOSED_CONNECTIONS: KnownFields = {
  unknown: [...CLOSED_CONNECTIONS.unknown, 'recvq', 'dev', 'idle'],
  kind: 'usage',
  refusal: (words) =>
    `the events of this recording do not tell ${words}: filter by something else, or record it with this version`,
};

/** A condition with or without its names looked up, as far as its keyword needs it. */
type AnyCondition = { kind: string; measure?: string };

/** Keywords that differ from the kind of their condition. */
const KEYWORDS: Readonly<Record<string, string>> = {
  states: 'state',
  device: 'dev',
  mark: 'fwmark',
  'receive-queue': 'recvq',
  'send-queue': 'sendq',
};

/** The keywords of a filter that a source cannot decide, each once, in the order in which they stand. */
export function unknownIn(tree: Tree<AnyCondition>, { unknown }: KnownFields): string[] {
  const found = new Set<string>();
  eachAtom(tree, ({ kind, measure }) => {
    const word = measure ?? kind;
    const keyword = KEYWORDS[word] ?? word;
    if (unknown.includes(keyword)) found.add(keyword);
  });
  return [...found];
}

/**
 * Refuses a filter that a source cannot decide: an empty answer would be wrong.
 *
 * @param tree with or without its names looked up
 * @throws {Failure} of the source's kind, which names the keywords
 */
export function checkKnown(tree: Tree<AnyCondition>, known: KnownFields): void {
  const words = unknownIn(tree, known);
  if (words.length > 0) throw new Failure(known.kind, known.refusal(words.join(', ')));
}
