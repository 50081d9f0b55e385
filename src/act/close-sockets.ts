import fs from 'node:fs';
import type { Machine } from '../collect/machine.ts';
import { isNetnsOfUser } from '../collect/owners/user-word.ts';
import { TO_ENTER_NAMESPACE, whyDenied } from '../collect/permissions.ts';
import { type NetnsHandle, openNetns } from '../collect/target/netns-handle.ts';
import { DiagError, DiagSocket } from '../kernel/diag-socket.ts';
import { SystemCallError } from '../kernel/system-calls.ts';
import { Failure, type FailureKind } from '../model/failure.ts';
import type { SocketIdentity } from '../model/socket/socket-identity.ts';
import { TCP_STATE } from '../model/socket/tcp-state.ts';
import { destroyRequest } from '../netlink/inet-diag-request.ts';

/** Result of closing a socket. */
export type CloseOutcome =
  | { kind: 'closed' }
  /** It no longer existed. */
  | { kind: 'gone' }
  | { kind: 'refused'; reason: string; because: FailureKind };

/**
 * Closes sockets by their exact identity and cookie, SOCK_DESTROY of sock_diag. Enters the network namespace again, and
 * only if it is still the same one.
 *
 * @param onOutcome called after each socket, in order
 * @throws {Failure} before any socket is closed: `no-target` when the namespace no longer exists or was replaced,
 *   `not-permitted` when entering it is not permitted, and when an ordinary user reports a container there and it is not
 *   a namespace of that user
 */
export function closeSockets(
  machine: Machine,
  handle: NetnsHandle,
  sockets: readonly SocketIdentity[],
  onOutcome: (socket: SocketIdentity, outcome: CloseOutcome) => void,
): void {
  const diag = openAgain(machine, handle);
  try {
    for (const socket of sockets) onOutcome(socket, close(machine, diag, socket));
  } finally {
    diag.close();
  }
}

function openAgain(machine: Machine, handle: NetnsHandle): DiagSocket {
  const netnsFd = openNetns(machine, handle);
  try {
    checkNetns(machine, handle, netnsFd);
    return DiagSocket.open(machine.systemCalls(), handle.own ? undefined : netnsFd);
  } catch (error) {
    if (!(error instanceof SystemCallError) || error.code !== 'EPERM') throw error;
    const message = `${handle.target.name}: cannot enter its network namespace: ${error.syscall} is not permitted: ${whyDenied(machine, TO_ENTER_NAMESPACE)}`;
    throw new Failure('not-permitted', message, { cause: error });
  } finally {
    fs.closeSync(netnsFd);
  }
}

/** An ordinary user's word about a container permits closing in the namespaces of that user, and nowhere else. */
function checkNetns(machine: Machine, { target, reportedBy }: NetnsHandle, netnsFd: number): void {
  if (reportedBy === undefined || isNetnsOfUser(machine, netnsFd, reportedBy)) return;
  throw new Failure(
    'not-permitted',
    `${target.name}: only user ${reportedBy} says that it is a container, and its network namespace is not one of that user: nothing was closed; pid:${target.pid} names the process itself`,
  );
}

function close(machine: Machine, diag: DiagSocket, socket: SocketIdentity): CloseOutcome {
  // Without its cookie a request could close another socket that has the same addresses now.
  if (socket.cookieLow === 0 && socket.cookieHigh === 0) {
    return refused('unsupported', 'it was read from /proc, which does not have its cookie');
  }
  // The kernel's lookup does not find these and would answer ENOENT.
  if (socket.proto === 'tcp' && socket.state === TCP_STATE.CLOSE) {
    return refused('unsupported', 'the kernel cannot look up a socket that is only bound');
  }
  try {
    diag.command('SOCK_DESTROY', destroyRequest(socket));
    return { kind: 'closed' };
  } catch (error) {
    if (!(error instanceof DiagError)) throw error;
    return refusalOf(machine, error.code, socket);
  }
}

function refusalOf(machine: Machine, code: string, { proto }: SocketIdentity): CloseOutcome {
  switch (code) {
    case 'ENOENT':
      return { kind: 'gone' };
    case 'EPERM':
    case 'EACCES':
      return refused('not-permitted', whyDenied(machine, ['CAP_NET_ADMIN']));
    case 'EOPNOTSUPP':
      return refused(
        'unsupported',
        `this kernel cannot close ${proto.toUpperCase()} sockets in this state (INET_DIAG_DESTROY)`,
      );
    default:
      return refused('fault', `the kernel returned ${code}`);
  }
}

function refused(because: FailureKind, reason: string): CloseOutcome {
  return { kind: 'refused', because, reason };
}
