import { Failure, type FailureKind } from '../model/failure.ts';
import type { Proto } from '../model/socket/socket-view.ts';
import { stateMask, TCP_STATE } from '../model/socket/tcp-state.ts';
import { eachAtom, type Tree } from './tree.ts';

/** Which filter keywords a source of sockets supports. */
export interface KnownFields {
  /** Keywords that the source cannot decide for any socket. */
  readonly unknown: readonly string[];
  /** Kind of the failure: `usage` where the filter has to change, `unsupported` where another source could decide it. */
  readonly kind: Extract<FailureKind, 'usage' | 'unsupported'>;
  /** Error message. @param words the unsupported keywords, separated by commas */
  refusal(words: string): string;
}

/** A live snapshot from sock_diag. */
export const LIVE_SNAPSHOT: KnownFields = {
  unknown: [],
  kind: 'usage',
  refusal: (words) => `filter: ${words} not supported here`,
};

/** A live snapshot from `/proc/PID/net`. */
export const PROCFS: KnownFields = {
  unknown: ['fwmark', 'cgroup', 'dev', 'autobound', 'idle', 'age', 'rtt', 'retrans'],
  kind: 'unsupported',
  refusal: (words) => `filter: ${words} not available from /proc`,
};

/** Repeated live snapshots, which leave out fields that need an additional request to the kernel. */
export const SNAPSHOTS_OVER_TIME: KnownFields = {
  unknown: ['fwmark', 'cgroup', 'autobound'],
  kind: 'usage',
  refusal: (words) => `filter: ${words} not supported for repeated snapshots; use socklens ls`,
};

/** What one pass over the descriptors of the host does not have: a filter that needs it is answered by dumps. */
export const DESCRIPTOR_PASS: Pick<KnownFields, 'unknown'> = {
  unknown: [
    ...(['fwmark', 'cgroup', 'dev', 'autobound', 'idle', 'age', 'rtt', 'retrans', 'recvq', 'sendq'] as const),
    ...(['timer', 'keepalive', 'uid', 'orphan', 'unaccepted'] as const),
  ],
};

/** Snapshots of a full recording. */
export const FULL_RECORDING: KnownFields = {
  unknown: SNAPSHOTS_OVER_TIME.unknown,
  kind: 'usage',
  refusal: (words) => `filter: ${words} not recorded; use another filter`,
};

/** Snapshots of a summary recording, which has no TCP information. */
export const SUMMARY_RECORDING: KnownFields = {
  unknown: [...FULL_RECORDING.unknown, 'idle', 'rtt', 'retrans'],
  kind: 'usage',
  refusal: (words) => `filter: ${words} not in this recording; use another filter, or record with --full`,
};

/** Closed connections, live and recorded: fields of their events, and of earlier dumps. */
export const CLOSED_CONNECTIONS: KnownFields = {
  unknown: ['fwmark', 'cgroup', 'autobound', 'uid', 'timer', 'keepalive', 'orphan', 'unaccepted', 'sendq'],
  kind: 'usage',
  refusal: (words) => `filter: ${words} not available for closed connections; use another filter`,
};

/** Packet events: both ends, the state, and owners from dumps. */
export const PACKET_EVENTS: KnownFields = {
  unknown: [...CLOSED_CONNECTIONS.unknown, 'recvq', 'dev', 'idle', 'age', 'rtt', 'retrans'],
  kind: 'usage',
  refusal: (words) => `filter: ${words} not available for retransmissions, resets and drops; use another filter`,
};

/** Closed connections of a recording whose header does not say `fullEvents`. */
export const OLD_CLOSED_CONNECTIONS: KnownFields = {
  unknown: [...CLOSED_CONNECTIONS.unknown, 'recvq', 'dev', 'idle'],
  kind: 'usage',
  refusal: (words) =>
    `filter: ${words} not available for closed connections in this recording; use another filter, or record with this version`,
};

/** The fields of a condition, bound or not, that determine its keyword. */
type AnyCondition = { kind: string; measure?: string; zone?: unknown; mask?: number };

/** Keywords that differ from the kind of their condition. */
const KEYWORDS: Readonly<Record<string, string>> = {
  states: 'state',
  address: 'src and dst',
  host: 'src and dst',
  ports: 'sport and dport',
  device: 'dev',
  mark: 'fwmark',
  'receive-queue': 'recvq',
  'send-queue': 'sendq',
};

/** The keywords of a filter that a source cannot decide, without duplicates, in the order of the filter. */
export function unknownIn(tree: Tree<AnyCondition>, { unknown }: Pick<KnownFields, 'unknown'>): string[] {
  const found = new Set<string>();
  for (const keyword of keywordsOf(tree)) if (unknown.includes(keyword)) found.add(keyword);
  return [...found];
}

/** The keywords of a filter; the interface behind an address is one of `dev`. */
function keywordsOf(tree: Tree<AnyCondition>): Set<string> {
  const found = new Set<string>();
  eachAtom(tree, ({ kind, measure, zone }) => {
    const word = measure ?? kind;
    found.add(KEYWORDS[word] ?? word);
    if (zone !== undefined) found.add('dev');
  });
  return found;
}

/** Keywords that apply to sockets of protocols that not all of them do. */
const APPLYING: Readonly<Partial<Record<Proto, readonly string[]>>> = {
  packet: ['state', 'dev', 'container', 'process', 'uid', 'recvq', 'sendq'],
  netlink: ['state', 'container', 'process', 'recvq', 'sendq'],
  vsock: ['state', 'container', 'process'],
};

/**
 * Refuses a filter that applies to no socket of the requested protocols: an empty answer would be wrong.
 *
 * @param tree bound or not
 * @throws {Failure} `usage`, which names the keywords
 */
export function checkApplies(tree: Tree<AnyCondition>, protos: readonly Proto[]): void {
  const words = [...keywordsOf(tree)].filter((word) =>
    protos.every((proto) => APPLYING[proto]?.includes(word) === false),
  );
  if (words.length === 0) return;
  const known = [...new Set(protos.flatMap((proto) => APPLYING[proto] ?? []))];
  throw new Failure(
    'usage',
    `filter: ${words.join(', ')} not applicable to ${protos.join(' and ')} sockets; use ${known.join(', ')}`,
  );
}

/**
 * Refuses a filter that a source cannot decide: an empty answer would be wrong.
 *
 * @param tree bound or not
 * @throws {Failure} of the source's kind, which names the keywords
 */
export function checkKnown(tree: Tree<AnyCondition>, known: KnownFields): void {
  const words = unknownIn(tree, known);
  if (words.length > 0) throw new Failure(known.kind, known.refusal(words.join(', ')));
}

/** Keywords whose answer for a connection can change while it lives, and not with its events alone. */
const CHANGING: readonly string[] = [
  ...(['state', 'idle', 'age', 'rtt', 'retrans', 'recvq', 'sendq', 'timer', 'keepalive'] as const),
  ...(['orphan', 'unaccepted'] as const),
];

/** Whether a filter has the same answer for a connection as long as it is ESTABLISHED, and is false in any other state. */
export function isConstantInEstablished(tree: Tree<AnyCondition>): boolean {
  const nodes = tree.kind === 'and' ? tree.nodes : [tree];
  const isState = (node: Tree<AnyCondition>) =>
    node.kind === 'atom' && node.atom.kind === 'states' && node.atom.mask === stateMask(TCP_STATE.ESTABLISHED);
  return nodes.some(isState) && nodes.every((node) => isState(node) || isConstant(node));
}

/** Whether a filter has the same answer for a connection as long as it lives. */
export function isConstant(tree: Tree<AnyCondition>): boolean {
  return unknownIn(tree, { unknown: CHANGING }).length === 0;
}
