import type { Sockstat } from '../../model/netns/counters.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import type { Proto } from '../../model/socket/socket-view.ts';

/**
 * A query without the protocols of which the counters, read a moment before, say that the namespace has no
 * socket: the kernel walks a table of the whole host for each, however few are in it. They count what stands in
 * the tables, as a dump does (net/core/sock.c, sock_prot_inuse_get). TCP's leave out what waits, and MPTCP and
 * UNIX have none: those are always asked for.
 */
export function presentProtos(query: SocketQuery, sockstat: Sockstat | undefined): SocketQuery {
  if (sockstat === undefined) return query;
  const { udp, udp6, udplite, udplite6, raw, raw6 } = sockstat;
  const counted: Partial<Record<Proto, number>> = { udp: udp + udp6, udplite: udplite + udplite6, raw: raw + raw6 };
  return { ...query, protos: query.protos.filter((proto) => counted[proto] !== 0) };
}
