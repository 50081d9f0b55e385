import { Roles } from '../analyze/roles.ts';
import { containersNamed } from '../collect/containers-named.ts';
import type { EndedSocket } from '../collect/ended-stream.ts';
import type { SpaceLook } from '../collect/sampling/source.ts';
import type { BoundFilter } from '../filter/bound-filter.ts';
import { compileTest } from '../filter/evaluate.ts';
import { Failure } from '../model/failure.ts';
import type { SocketView } from '../model/socket-view.ts';
import type { WatchedContainer } from '../model/watched.ts';

/** Makes the test of a filter for the sockets of one look. */
export type LookTest = (look: SpaceLook) => (socket: SocketView) => boolean;

/** The test of a filter for sockets that ended. */
export type EndedTest = (ended: EndedSocket) => boolean;

/** What only one question apart to the kernel tells: too dear for what looks again and again. */
const UNTOLD = ['fwmark', 'cgroup', 'autobound'];

/**
 * The tests of a filter for what is looked at over time.
 *
 * @throws {Failure} `usage` for what neither a look nor an event tells
 */
export function boundTests(
  { tree, needs }: BoundFilter,
  containers: () => readonly WatchedContainer[],
): { look: LookTest; ended: EndedTest } {
  const untold = UNTOLD.filter((word) => needs.onlyDiag.includes(word));
  if (untold.length > 0) {
    throw new Failure('usage', `${untold.join(', ')}: not told of what is watched; socklens ls takes it`);
  }
  const isNamed = (container: string | undefined, wanted: string) =>
    containersNamed(containers(), wanted).some(({ name }) => name === container);
  const look: LookTest = ({ sockets, holderOf, containerOf, seenSince, takenAtMs }) => {
    const roles = needs.listeners ? new Roles(sockets) : undefined;
    return compileTest(tree, {
      processesOf: (socket) => {
        const holder = holderOf(socket);
        return holder === undefined ? [] : [holder];
      },
      isOf: (socket, wanted) => isNamed(containerOf(socket), wanted),
      ...(roles !== undefined && {
        roleOf: (socket) => roles.of(socket),
        isListenedOn: (socket) => roles.of(socket) === 'server',
      }),
      ageUsOf: (socket) => {
        const since = seenSince(socket);
        return since === undefined ? undefined : (takenAtMs - since.firstSeenMs) * 1000;
      },
    });
  };
  let current: EndedSocket | undefined;
  const test = compileTest(tree, {
    processesOf: () => (current?.remembered?.process === undefined ? [] : [current.remembered.process]),
    isOf: (_, wanted) => isNamed(current?.container, wanted),
    roleOf: () => current?.role ?? 'client',
    isListenedOn: () => current?.role === 'server',
    ageUsOf: () =>
      current?.remembered === undefined ? undefined : (current.atMs - current.remembered.firstSeenMs) * 1000,
  });
  const ended: EndedTest = (socket) => {
    current = socket;
    return test(socket.socket);
  };
  return { look, ended };
}
