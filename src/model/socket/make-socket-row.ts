import { hex64 } from '../../base/hex.ts';
import type { Names } from '../names.ts';
import type { AttributedBy } from '../netns/attribution.ts';
import { localAddress, mayNameService, peerAddress, plainAddress } from './endpoint.ts';
import type { Endpoint, SocketProcess, SocketRow, SocketTimer } from './socket-row.ts';
import type { SocketView } from './socket-view.ts';
import { stateName } from './tcp-state.ts';
import { unixPath } from './unix-path.ts';

/** Lookups for the parts of a row that are not in the socket itself. */
export interface RowContext {
  /** Undefined where names are not shown. */
  names?: Names;
  /** The processes that hold a socket; undefined when they were not requested. */
  processesOf?: (inode: number) => SocketProcess[];
  /** The container of a socket in a shared network namespace; undefined where it is not shared. */
  containerOf?: (socket: SocketView) => string | undefined;
  /** How its container was found; undefined for a socket without one. Absent as {@link containerOf}. */
  attributionOf?: (socket: SocketView) => AttributedBy | undefined;
}

const TIMER_KINDS = [undefined, 'on', 'keepalive', 'timewait', 'probe', 'delack'] as const;

const UNIX_TYPES: Record<number, 'stream' | 'dgram' | 'seqpacket'> = { 1: 'stream', 2: 'dgram', 5: 'seqpacket' };

/** Makes the row of a socket. Fields that the view does not know are absent. */
export function socketRow(socket: SocketView, context: RowContext): SocketRow {
  const container = context.containerOf?.(socket);
  const attribution = container === undefined ? undefined : context.attributionOf?.(socket);
  const cookie = cookieText(socket);
  const { receiveQueue, sendQueue, uid } = socket;
  const base = {
    state: stateName(socket.state),
    ...(receiveQueue !== undefined && { receiveQueue }),
    ...(sendQueue !== undefined && { sendQueue }),
    ...(uid !== undefined && { uid }),
    inode: socket.inode,
    ...(cookie !== undefined && { cookie }),
    ...(container !== undefined && { container }),
    ...(attribution !== undefined && { attribution }),
    processes: context.processesOf?.(socket.inode) ?? [],
  };
  if (socket.proto === 'unix') {
    const path = unixPath(socket);
    return {
      proto: 'unix',
      family: 'unix',
      ...(path !== undefined && { path }),
      type: UNIX_TYPES[socket.unixType] ?? 'unknown',
      peerInode: socket.peerInode,
      ...base,
    };
  }
  const timer = socketTimer(socket);
  const tcpInfo = socket.tcpInfo();
  const drops = socket.drops();
  return {
    proto: socket.proto,
    family: socket.family === 'inet6' ? 'inet6' : 'inet',
    local: endpoint(localAddress(socket), socket.localPort, socket.proto, context.names),
    peer: endpoint(peerAddress(socket), socket.peerPort, socket.proto, context.names),
    ...base,
    ...(timer !== undefined && { timer }),
    ...(tcpInfo !== undefined && { tcpInfo }),
    ...(drops !== undefined && { drops }),
  };
}

/** The running timer of a socket; undefined when none runs and where the source does not know it. */
export function socketTimer(socket: SocketView): SocketTimer | undefined {
  const { timer, timerExpiresMs: expiresMs, retransmits } = socket;
  if (timer === undefined || timer === 0 || expiresMs === undefined || retransmits === undefined) return undefined;
  return { kind: TIMER_KINDS[timer] ?? `unknown-${timer}`, expiresMs, retransmits };
}

function endpoint(address: string, port: number, proto: SocketView['proto'], names: Names | undefined): Endpoint {
  const name = names?.host(plainAddress(address));
  // A RAW socket's port is an IP protocol number, not a port of a service.
  const service = proto !== 'raw' && mayNameService(port) ? names?.service(port, proto) : undefined;
  return { address, port, ...(name !== undefined && { name }), ...(service !== undefined && { service }) };
}

function cookieText(socket: SocketView): string | undefined {
  const { cookieLow, cookieHigh } = socket;
  if (cookieLow === 0 && cookieHigh === 0) return undefined;
  return hex64(cookieHigh, cookieLow);
}
