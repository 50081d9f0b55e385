import type { Sockstat } from '../../model/netns/counters.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import { ALL_STATES, stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';

/** States left out of background dumps: `sockstat` counts TIME_WAIT, which can be tens of thousands. */
const WITHOUT = stateMask(TCP_STATE.TIME_WAIT, TCP_STATE.BOUND_INACTIVE);
const BRIEF: SocketQuery = { protos: ['tcp'], inet: true, inet6: true, tcpInfo: false, states: ALL_STATES & ~WITHOUT };
/**
 * Background dumps of a namespace without processes, which has no `/proc/PID/net/sockstat`, so that nothing but a dump
 * counts TIME_WAIT, UDP and RAW; and of a shared one, where each of them has its owner.
 */
const BRIEF_WITHOUT_SOCKSTAT: SocketQuery = {
  ...BRIEF,
  protos: ['tcp', 'udp', 'udplite', 'raw'],
  states: ALL_STATES & ~stateMask(TCP_STATE.BOUND_INACTIVE),
};

/** What background dumps of a namespace read. @param sockstat undefined where there is none */
export function briefQuery(sockstat: Sockstat | undefined, shared: boolean): SocketQuery {
  return sockstat === undefined || shared ? BRIEF_WITHOUT_SOCKSTAT : BRIEF;
}
