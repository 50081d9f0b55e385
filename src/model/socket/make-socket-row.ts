import { hex64 } from '../../base/hex.ts';
import type { Names } from '../names.ts';
import type { AttributedBy } from '../netns/attribution.ts';
import { isLinkLocal, localAddress, mayNameService, peerAddress, plainAddress } from './endpoint.ts';
import { netlinkFields, packetFields, vsockFields } from './other-row.ts';
import type { Holder } from './socket-columns.ts';
import type { Endpoint, SocketProcess, SocketRow, SocketTimer } from './socket-row.ts';
import { hasPorts, type InetProto, type SocketView } from './socket-view.ts';
import { stateName, TCP_STATE } from './tcp-state.ts';
import { unixPath } from './unix-path.ts';

/** Lookups for the parts of a row that are not in the socket itself. */
export interface RowContext {
  /** Undefined where names are not shown. */
  names?: Names;
  /** The processes that hold a socket: a list that sockets can share. Undefined when they were not requested. */
  processesOf?: (inode: number) => readonly Holder[];
  /** The same with their descriptors. Present as {@link processesOf}. */
  holdersOf?: (inode: number) => SocketProcess[];
  /** The container of a socket in a shared network namespace; undefined where it is not shared. */
  containerOf?: (socket: SocketView) => string | undefined;
  /** How its container was found; undefined for a socket without one. Absent as {@link containerOf}. */
  attributionOf?: (socket: SocketView) => AttributedBy | undefined;
  /** Names an interface of the socket's network namespace by its index; undefined where names are not known. */
  deviceName?: (index: number) => string | undefined;
}

/** The interface of a socket, by its index; see `SocketRow.device`. */
export function deviceText(index: number, { deviceName }: Pick<RowContext, 'deviceName'>): string {
  return deviceName?.(index) ?? `if${index}`;
}

const TIMER_KINDS = [undefined, 'on', 'keepalive', 'timewait', 'probe', 'delack'] as const;

const UNIX_TYPES: Record<number, 'stream' | 'dgram' | 'seqpacket'> = { 1: 'stream', 2: 'dgram', 5: 'seqpacket' };

/** Makes the row of a socket. Fields that the view does not know are absent. */
export function socketRow(socket: SocketView, context: RowContext): SocketRow {
  const container = context.containerOf?.(socket);
  const attribution = container === undefined ? undefined : context.attributionOf?.(socket);
  const cookie = cookieText(socket);
  const { receiveQueue, sendQueue, uid, interfaceIndex = 0 } = socket;
  const device = interfaceIndex === 0 ? undefined : deviceText(interfaceIndex, context);
  const base = {
    state: stateName(socket.state),
    ...(receiveQueue !== undefined && { receiveQueue }),
    ...(sendQueue !== undefined && { sendQueue }),
    ...(uid !== undefined && { uid }),
    inode: socket.inode,
    ...(cookie !== undefined && { cookie }),
    ...(container !== undefined && { container }),
    ...(attribution !== undefined && { attribution }),
    ...(device !== undefined && { device }),
    processes: context.holdersOf?.(socket.inode) ?? [],
  };
  switch (socket.proto) {
    case 'unix': {
      const path = unixPath(socket);
      return {
        proto: 'unix',
        family: 'unix',
        ...(path !== undefined && { path }),
        type: UNIX_TYPES[socket.socketType] ?? 'unknown',
        peerInode: socket.peerInode,
        ...base,
      };
    }
    case 'packet':
      return { ...packetFields(socket), ...base };
    case 'netlink':
      return { ...netlinkFields(socket), ...base };
    case 'vsock':
      return { ...vsockFields(socket), ...base };
    default:
      return { ...inetFields(socket, socket.proto, device, context), ...base };
  }
}

function inetFields(socket: SocketView, proto: InetProto, device: string | undefined, { names }: RowContext) {
  const timer = socketTimer(socket);
  const tcpInfo = socket.tcpInfo();
  const drops = socket.drops();
  const inet6 = socket.family === 'inet6';
  const mayBeV6only = inet6 && (socket.state === TCP_STATE.LISTEN || socket.state === TCP_STATE.CLOSE);
  const v6only = mayBeV6only ? socket.v6only() : undefined;
  const zoneOf = (word: number) => (inet6 && device !== undefined && isLinkLocal(word) ? device : undefined);
  const local = { address: localAddress(socket), port: socket.localPort, zone: zoneOf(socket.localWord(0)) };
  const peer = { address: peerAddress(socket), port: socket.peerPort, zone: zoneOf(socket.peerWord(0)) };
  return {
    proto,
    family: inet6 ? ('inet6' as const) : ('inet' as const),
    local: endpoint(local, proto, names),
    peer: endpoint(peer, proto, names),
    ...(v6only !== undefined && { v6only }),
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

function endpoint(
  { address, port, zone }: { address: string; port: number; zone: string | undefined },
  proto: InetProto,
  names: Names | undefined,
): Endpoint {
  const name = names?.host(plainAddress(address));
  // The port of a RAW or ICMP socket is not that of a service.
  const service = hasPorts(proto) && mayNameService(port) ? names?.service(port, proto) : undefined;
  return {
    address,
    ...(zone !== undefined && { zone }),
    port,
    ...(name !== undefined && { name }),
    ...(service !== undefined && { service }),
  };
}

function cookieText(socket: SocketView): string | undefined {
  const { cookieLow, cookieHigh } = socket;
  if (cookieLow === 0 && cookieHigh === 0) return undefined;
  return hex64(cookieHigh, cookieLow);
}
