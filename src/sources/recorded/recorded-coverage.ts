import type { Coverage } from '../../model/sample/coverage.ts';
import { everySocket, isOtherProto, OTHER_PROTOS } from '../../model/socket/socket-query.ts';
import type { Proto } from '../../model/socket/socket-view.ts';
import { stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';
import type { SocketSnapshot } from '../sample-source.ts';

/** Age from which sockets are reported as old, milliseconds. */
const OLD_MS = 2500;

const SUMMARY = 'summary recording (record --full for more):';
const WITHOUT_TIME_WAIT = `${SUMMARY} only TCP, without TIME_WAIT and without the kernel data of each connection`;
/** Of a namespace without processes: see `briefQuery`. */
const WITH_TIME_WAIT = `${SUMMARY} without UNIX sockets and without the kernel data of each connection`;

/**
 * The coverage of recorded sockets at a moment.
 *
 * @param protos only what concerns one of these; undefined for those that are counted everywhere
 * @param mayLack those whose absence is no gap; that of all is: the recording is of a version that did not record them
 */
export function recordedCoverage(
  { coverage, sources, withoutStates, takenAtMs }: SocketSnapshot,
  atMs: number,
  protos: readonly Proto[] = everySocket().protos,
  mayLack: readonly Proto[] = [],
): Coverage {
  const leavesOut = (state: number) => (withoutStates & stateMask(state)) !== 0;
  const notes = coverage.notes.filter((note) => concerns(note, protos));
  if (withoutStates !== 0) notes.push(leavesOut(TCP_STATE.TIME_WAIT) ? WITHOUT_TIME_WAIT : WITH_TIME_WAIT);
  const age = atMs - takenAtMs;
  if (age > OLD_MS)
    notes.push(
      `its sockets are ${Math.round(age / 1000)} s older: nothing has changed since, or the CPU budget allowed no later dump`,
    );
  const isRecorded = (proto: Proto) => sources?.[proto] !== undefined;
  const isEarlier = !OTHER_PROTOS.some(isRecorded);
  const lacking =
    withoutStates === 0
      ? protos.filter((proto) => isOtherProto(proto) && !isRecorded(proto) && (isEarlier || !mayLack.includes(proto)))
      : [];
  if (lacking.length > 0) notes.push(`${lacking.join(', ')}: not in this recording`);
  return { complete: coverage.complete && withoutStates === 0 && lacking.length === 0, notes };
}

/** A note of `collect/dump/dump-sockets.ts` about one protocol begins with its name and a colon. */
const ABOUT_PROTO = /^(tcp|udp|udplite|raw|sctp|mptcp|unix|icmp|packet|netlink|vsock): /;

function concerns(note: string, protos: readonly Proto[]): boolean {
  const proto = ABOUT_PROTO.exec(note)?.[1];
  return proto === undefined || protos.includes(proto as Proto);
}
