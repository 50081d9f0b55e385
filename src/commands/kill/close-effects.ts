import type { SocketSource, SocketView } from '../../model/socket/socket-view.ts';
import { stateName, TCP_STATE } from '../../model/socket/tcp-state.ts';

/** The effect of SOCK_DESTROY on a socket, measured on Linux 6.18. */
const EFFECTS = {
  udp: 'the next receive fails with ECONNABORTED; a port that it bound is kept, one that the kernel chose is lost',
  LISTEN: 'accept() fails with EINVAL, waiting clients are reset, and the service is down until it listens again',
  SYN_SENT: 'connect() fails with ECONNABORTED',
  SYN_RECV: 'the half-open entry is dropped; the client retries or times out',
  TIME_WAIT: 'the entry is removed, and its pair of ports is free again at once',
  CLOSE_WAIT:
    "the application's next call on the socket fails with ECONNABORTED; the peer, which closed already, is reset",
  CLOSE: 'cannot be closed: the kernel finds no socket that is only bound',
  unaccepted: 'accept() still returns it, and its first read fails with ECONNABORTED; the client is reset (ECONNRESET)',
  orphan: "no process holds it any more; the peer's next write is reset",
  connected: "the application's next call on the socket fails with ECONNABORTED; the peer is reset (ECONNRESET)",
} as const;

/**
 * What the application and its peer will see when these sockets are closed: one line for each kind of
 * socket, with the number of sockets.
 */
export function closeEffects(sockets: SocketSource): string[] {
  const counts = new Map<string, number>();
  sockets.each((socket) => {
    const line = `${labelOf(socket)}: ${effectOf(socket)}`;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  });
  return [...counts].map(([line, count]) => `${count} ${line}`);
}

function labelOf(socket: SocketView): string {
  if (isDatagram(socket)) return socket.proto.toUpperCase();
  const held = socket.inode !== 0 || !HAS_OWNER.includes(socket.state);
  return held ? stateName(socket.state) : `${stateName(socket.state)} without a process`;
}

/** States that a process can hold. */
const HAS_OWNER: readonly number[] = [
  TCP_STATE.ESTABLISHED,
  TCP_STATE.CLOSE_WAIT,
  TCP_STATE.FIN_WAIT1,
  TCP_STATE.FIN_WAIT2,
  TCP_STATE.LAST_ACK,
  TCP_STATE.CLOSING,
];

function effectOf(socket: SocketView): string {
  if (isDatagram(socket)) return EFFECTS.udp;
  switch (socket.state) {
    case TCP_STATE.LISTEN:
      return EFFECTS.LISTEN;
    case TCP_STATE.SYN_SENT:
      return EFFECTS.SYN_SENT;
    case TCP_STATE.SYN_RECV:
      return EFFECTS.SYN_RECV;
    case TCP_STATE.TIME_WAIT:
      return EFFECTS.TIME_WAIT;
    case TCP_STATE.CLOSE:
      return EFFECTS.CLOSE;
    case TCP_STATE.ESTABLISHED:
      return socket.inode === 0 ? EFFECTS.unaccepted : EFFECTS.connected;
    case TCP_STATE.CLOSE_WAIT:
      return socket.inode === 0 ? EFFECTS.unaccepted : EFFECTS.CLOSE_WAIT;
    default:
      return socket.inode === 0 ? EFFECTS.orphan : EFFECTS.connected;
  }
}

function isDatagram({ proto }: SocketView): boolean {
  return proto === 'udp' || proto === 'udplite';
}
