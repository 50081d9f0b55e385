import type { Proto } from './socket-view.ts';
import { ALL_STATES } from './tcp-state.ts';

/**
 * The part of a filter that the kernel applies. It can return more sockets than match (an older kernel, a source
 * without filters): the reader tests every socket again.
 */
export interface KernelFilter {
  /** Only sockets with this port, host byte order, not 0. */
  localPort?: number;
  peerPort?: number;
  /** Filter programs, INET_DIAG_REQ_BYTECODE: the first that the kernel takes is used, or none. */
  programs: readonly Uint8Array[];
}

/** Which sockets to read: the criteria that every source supports. */
export interface SocketQuery {
  protos: readonly Proto[];
  /** Whether to read IPv4 sockets. */
  inet: boolean;
  /** Whether to read IPv6 sockets, IPv4-mapped ones included. */
  inet6: boolean;
  /** Bit mask of states, see `stateMask`. */
  states: number;
  /** Whether to request TCP information and drop counts: they quadruple the size of the answer. */
  tcpInfo: boolean;
  /** Protocols that are left out where the kernel cannot list them, without a note: `sources` of the answer does not have them. Absent for none. */
  mayLack?: readonly Proto[];
  /** For internet sockets only; undefined for none. */
  filter?: KernelFilter | undefined;
}

/** The protocols that are listed and recorded, and that no verb but `ls` and `ps --all` counts. */
export const OTHER_PROTOS = ['icmp', 'packet', 'netlink', 'vsock'] as const satisfies readonly Proto[];

/** Whether a protocol is one of {@link OTHER_PROTOS}. */
export function isOtherProto(proto: Proto): proto is (typeof OTHER_PROTOS)[number] {
  return (OTHER_PROTOS as readonly Proto[]).includes(proto);
}

/** Query for what a full recording has: {@link everySocket}, and {@link OTHER_PROTOS} as far as the kernel can list them. */
export function recordedSockets(): SocketQuery {
  const query = everySocket();
  return { ...query, protos: [...query.protos, ...OTHER_PROTOS], tcpInfo: true, mayLack: OTHER_PROTOS };
}

/**
 * Query for the sockets that are counted and judged, in every state. MPTCP comes before TCP, as `DistinctSockets`
 * requires.
 */
export function everySocket(): SocketQuery {
  return {
    protos: ['mptcp', 'tcp', 'udp', 'udplite', 'raw', 'unix'],
    inet: true,
    inet6: true,
    states: ALL_STATES,
    tcpInfo: false,
  };
}

/**
 * Query for what `ls` lists where no protocol is chosen: all but netlink, because every namespace has a dozen of the
 * kernel's own, and vsock, which most kernels cannot list.
 */
export function listedSockets(): SocketQuery {
  return { ...everySocket(), protos: ['mptcp', 'tcp', 'udp', 'udplite', 'raw', 'icmp', 'packet', 'unix'] };
}

/**
 * Query for what `ps` counts: {@link everySocket}.
 *
 * @param hasCounters whether the kernel's counters have UDP and RAW, which are then not read; MPTCP is counted as TCP
 * @param withOthers whether {@link OTHER_PROTOS} are read, too, as far as the kernel can list them
 */
export function countedSockets(hasCounters: boolean, withOthers: boolean): SocketQuery {
  const query = everySocket();
  const protos: readonly Proto[] = hasCounters ? ['tcp', 'unix'] : query.protos;
  return withOthers ? { ...query, protos: [...protos, ...OTHER_PROTOS], mayLack: OTHER_PROTOS } : { ...query, protos };
}
