import { presentProtos } from '../../collect/dump/dump-plan.ts';
import type { Sockstat } from '../../model/netns/counters.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import { stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';

/**
 * A query without protocols that have no socket; with TIME_WAIT where `sockstat`, from which it is counted otherwise,
 * is absent.
 *
 * @param mptcp number of MPTCP sockets; undefined where it is not known
 */
export function countable(query: SocketQuery, sockstat: Sockstat | undefined, mptcp: number | undefined): SocketQuery {
  if (sockstat !== undefined) return presentProtos(query, sockstat, mptcp);
  return query.protos.includes('tcp') ? { ...query, states: query.states | stateMask(TCP_STATE.TIME_WAIT) } : query;
}

/** Whether a query is one for all TCP sockets, so that they may be asked for one by one. */
export function isAskable({ protos, inet, inet6, filter }: SocketQuery): boolean {
  return protos.includes('tcp') && inet && inet6 && filter === undefined;
}
