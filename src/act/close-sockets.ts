import fs from 'node:fs';
import type { Machine } from '../collect/machine.ts';
import { type NetnsHandle, openNetns } from '../collect/target/netns-handle.ts';
import { DiagError, DiagSocket } from '../kernel/diag-socket.ts';
import { SystemCallError } from '../kernel/system-calls.ts';
import { Failure, type FailureKind } from '../model/failure.ts';
import type { SocketIdentity } from '../model/socket/socket-identity.ts';
import { TCP_STATE } from '../model/socket/tcp-state.ts';
import { destroyRequest } from '../netlink/inet-diag-request.ts';

/** What became of a socket that was to be closed. */
export type Outcome =
  | { kind: 'closed' }
  /** It had ended before. */
  | { kind: 'gone' }
  | { kind: 'refused'; reason: string; because: FailureKind };

/**
 * Closes sockets by their exact identity and cookie, SOCK_DESTROY of sock_diag. The namespace is
 * entered anew, and only if it still is the one that was looked at.
 *
 * @param onOutcome called after each, in order
 * @throws {Failure} `no-target` when the namespace is gone or was replaced, `not-permitted` when it
 *   may not be entered: then nothing was closed
 */
export function closeSockets(
  machine: Machine,
  handle: NetnsHandle,
  sockets: readonly SocketIdentity[],
  onOutcome: (socket: SocketIdentity, outcome: Outcome) => void,
): void {
  const diag = openAgain(machine, handle);
  try {
    for (const socket of sockets) onOutcome(socket, close(diag, socket));
  } finally {
    diag.close();
  }
}

function openAgain(machine: Machine, handle: NetnsHandle): DiagSocket {
  const netnsFd = openNetns(machine, handle);
  try {
    return DiagSocket.open(machine.systemCalls(), handle.own ? undefined : netnsFd);
  } catch (error) {
    if (!(error instanceof SystemCallError) || error.code !== 'EPERM') throw error;
    const message = `${handle.target.name}: cannot enter its network namespace: ${error.syscall} is not permitted (it needs CAP_SYS_ADMIN)`;
    throw new Failure('not-permitted', message, { cause: error });
  } finally {
    fs.closeSync(netnsFd);
  }
}

function close(diag: DiagSocket, socket: SocketIdentity): Outcome {
  // Without its cookie a request could hit whatever has the same addresses by now.
  if (socket.cookieLow === 0 && socket.cookieHigh === 0) {
    return refused('unsupported', 'it was read from /proc, which does not tell its cookie');
  }
  // The kernel's lookup does not find these, and says that they are gone.
  if (socket.proto === 'tcp' && socket.state === TCP_STATE.CLOSE) {
    return refused('unsupported', 'the kernel finds no socket that is only bound');
  }
  try {
    diag.command('SOCK_DESTROY', destroyRequest(socket));
    return { kind: 'closed' };
  } catch (error) {
    if (!(error instanceof DiagError)) throw error;
    return refusalOf(error.code, socket);
  }
}

function refusalOf(code: string, { proto }: SocketIdentity): Outcome {
  switch (code) {
    case 'ENOENT':
      return { kind: 'gone' };
    case 'EPERM':
    case 'EACCES':
      return refused('not-permitted', 'it needs CAP_NET_ADMIN over the namespace');
    case 'EOPNOTSUPP':
      return refused(
        'unsupported',
        `this kernel cannot close ${proto.toUpperCase()} sockets in this state (INET_DIAG_DESTROY)`,
      );
    default:
      return refused('fault', `the kernel says ${code}`);
  }
}

function refused(because: FailureKind, reason: string): Outcome {
  return { kind: 'refused', because, reason };
}
