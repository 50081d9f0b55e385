/** What a finding must have in common with another that it explains. */
export type Relation =
  /** The same process; the same container or namespace where one of them names no process. */
  | 'scope'
  /**
   * As `scope`, and most of what the symptom counts is about the subject of the cause. A symptom that does not say
   * what most of it is about fits every cause; a cause without a subject fits only such a symptom.
   */
  | 'share'
  /** The same peer or port, in the same container or in a replica of it: they run the same program. */
  | 'about'
  /** The same server as a peer, whoever its client is. */
  | 'endpoint'
  /** The cause is at the port of the server that the symptom talks to. */
  | 'server'
  /** The reverse of `server`: the cause is at a client, the symptom at the port of the server that it talks to. */
  | 'client'
  /** The symptom says that it waits for the subject of the cause. */
  | 'awaited'
  /** The same machine. */
  | 'any';

/** Findings of one rule explain those of another. */
export interface CauseLink {
  cause: string;
  symptom: string;
  by: Relation;
  /** A cause that is only forecast, of less than high confidence, explains nothing that is seen already. */
  isSeen?: true;
}

/**
 * Which findings explain which, one link a line: the first that fits is taken, in this order. `causes-links.test.ts`
 * checks each line with findings that fit and with look-alikes that do not.
 */
export const CAUSE_LINKS: readonly CauseLink[] = [
  { cause: 'CONNECTION_CAP', symptom: 'NOFILE_ACCEPT_STARVED', by: 'scope' },
  { cause: 'CONNECTION_CAP', symptom: 'NOFILE_NEAR_LIMIT', by: 'scope' },
  { cause: 'CONNECTION_CAP', symptom: 'LIMIT_MISMATCH', by: 'scope' },
  { cause: 'CONNECTION_CAP', symptom: 'POOL_OVERRUN', by: 'server' },
  { cause: 'CONNECTION_CAP', symptom: 'LISTEN_OVERFLOW', by: 'about' },
  { cause: 'CONNECTION_CAP', symptom: 'BACKLOG_CLAMPED', by: 'about' },
  { cause: 'CONNECTION_CAP', symptom: 'SYN_SENT_STUCK', by: 'server' },
  { cause: 'CLOSE_WAIT_LEAK', symptom: 'NOFILE_NEAR_LIMIT', by: 'share' },
  { cause: 'ZOMBIE_SOCKET_FDS', symptom: 'NOFILE_NEAR_LIMIT', by: 'share' },
  { cause: 'FD_LEAK_BY_TYPE', symptom: 'NOFILE_NEAR_LIMIT', by: 'share' },
  { cause: 'POOL_IDLE_CAP_ONLY', symptom: 'NOFILE_NEAR_LIMIT', by: 'about' },
  { cause: 'POOL_OVERRUN', symptom: 'NOFILE_NEAR_LIMIT', by: 'about' },
  { cause: 'POOL_NEVER_CAPPED', symptom: 'NOFILE_NEAR_LIMIT', by: 'about' },
  { cause: 'HALF_CLOSED_HELD', symptom: 'NOFILE_NEAR_LIMIT', by: 'share' },
  { cause: 'LEAK_RISING', symptom: 'NOFILE_NEAR_LIMIT', by: 'share' },
  { cause: 'LEAK_RISING', symptom: 'FD_LEAK_BY_TYPE', by: 'share' },
  { cause: 'LEAK_RISING', symptom: 'POOL_OVERRUN', by: 'about' },
  { cause: 'LEAK_RISING', symptom: 'POOL_NEVER_CAPPED', by: 'about' },
  { cause: 'LEAK_RISING', symptom: 'REFUSED_BY_SERVER', by: 'about' },
  { cause: 'LIMIT_MISMATCH', symptom: 'NOFILE_NEAR_LIMIT', by: 'scope' },
  // A pool that is not most of the open files explains them only where the limit is as it should be.
  { cause: 'POOL_IDLE_CAP_ONLY', symptom: 'NOFILE_NEAR_LIMIT', by: 'share' },
  { cause: 'POOL_OVERRUN', symptom: 'NOFILE_NEAR_LIMIT', by: 'share' },
  { cause: 'POOL_NEVER_CAPPED', symptom: 'NOFILE_NEAR_LIMIT', by: 'share' },
  { cause: 'NOFILE_NEAR_LIMIT', symptom: 'NOFILE_ACCEPT_STARVED', by: 'scope', isSeen: true },
  // Node and others accept and close what they have no descriptor for.
  { cause: 'NOFILE_NEAR_LIMIT', symptom: 'DROPPED_AFTER_ACCEPT', by: 'scope', isSeen: true },
  { cause: 'CLOSE_WAIT_LEAK', symptom: 'FD_LEAK_BY_TYPE', by: 'share' },
  { cause: 'NOFILE_ACCEPT_STARVED', symptom: 'LISTEN_OVERFLOW', by: 'scope' },
  { cause: 'POOL_IDLE_CAP_ONLY', symptom: 'POOL_OVERRUN', by: 'about' },
  { cause: 'POOL_NEVER_CAPPED', symptom: 'POOL_IDLE_CAP_ONLY', by: 'about' },
  { cause: 'POOL_NEVER_CAPPED', symptom: 'POOL_OVERRUN', by: 'about' },
  { cause: 'POOL_IDLE_CAP_ONLY', symptom: 'CONN_CHURN', by: 'about' },
  { cause: 'POOL_NEVER_CAPPED', symptom: 'CONN_CHURN', by: 'about' },
  { cause: 'POOL_IDLE_CAP_ONLY', symptom: 'REFUSED_BY_SERVER', by: 'about' },
  { cause: 'POOL_OVERRUN', symptom: 'REFUSED_BY_SERVER', by: 'about' },
  { cause: 'POOL_NEVER_CAPPED', symptom: 'REFUSED_BY_SERVER', by: 'about' },
  { cause: 'POOL_IDLE_CAP_ONLY', symptom: 'POOL_ARITHMETIC', by: 'endpoint' },
  { cause: 'POOL_NEVER_CAPPED', symptom: 'POOL_ARITHMETIC', by: 'endpoint' },
  { cause: 'POOL_OVERRUN', symptom: 'POOL_ARITHMETIC', by: 'endpoint' },
  { cause: 'POOL_ARITHMETIC', symptom: 'REFUSED_BY_SERVER', by: 'endpoint' },
  { cause: 'POOL_IDLE_CAP_ONLY', symptom: 'REFUSED_BY_SERVER', by: 'endpoint' },
  { cause: 'POOL_OVERRUN', symptom: 'REFUSED_BY_SERVER', by: 'endpoint' },
  { cause: 'POOL_NEVER_CAPPED', symptom: 'REFUSED_BY_SERVER', by: 'endpoint' },
  { cause: 'REFUSED_BY_SERVER', symptom: 'DROPPED_AFTER_ACCEPT', by: 'client' },
  { cause: 'REFUSED_BY_SERVER', symptom: 'CONN_CHURN', by: 'about' },
  { cause: 'DROPPED_AFTER_ACCEPT', symptom: 'CONN_CHURN', by: 'server' },
  { cause: 'DROPPED_AFTER_ACCEPT', symptom: 'CONN_CHURN', by: 'about' },
  { cause: 'DROPPED_AFTER_ACCEPT', symptom: 'ZOMBIE_SOCKET_FDS', by: 'server' },
  { cause: 'KEEPALIVE_MISMATCH', symptom: 'CONN_CHURN', by: 'about' },
  { cause: 'CONN_CHURN', symptom: 'TIME_WAIT_PILEUP', by: 'about' },
  { cause: 'CONN_CHURN', symptom: 'EPHEMERAL_EXHAUSTION', by: 'about' },
  { cause: 'TIME_WAIT_PILEUP', symptom: 'EPHEMERAL_EXHAUSTION', by: 'about' },
  // What is opened and closed all the time comes in bursts, which a short queue of the server drops.
  { cause: 'POOL_IDLE_CAP_ONLY', symptom: 'LISTEN_OVERFLOW', by: 'client' },
  { cause: 'POOL_NEVER_CAPPED', symptom: 'LISTEN_OVERFLOW', by: 'client' },
  { cause: 'REUSEPORT_IMBALANCE', symptom: 'ACCEPT_STUCK', by: 'about' },
  { cause: 'REUSEPORT_IMBALANCE', symptom: 'LISTEN_OVERFLOW', by: 'about' },
  { cause: 'UNIX_BACKLOG', symptom: 'ACCEPT_STUCK', by: 'awaited' },
  { cause: 'ACCEPT_STUCK', symptom: 'ACCEPT_STUCK', by: 'server' },
  { cause: 'ACCEPT_STUCK', symptom: 'LISTEN_OVERFLOW', by: 'about' },
  { cause: 'ACCEPT_STUCK', symptom: 'BACKLOG_CLAMPED', by: 'about' },
  { cause: 'ACCEPT_STUCK', symptom: 'CLOSE_WAIT_LEAK', by: 'about' },
  { cause: 'ACCEPT_STUCK', symptom: 'SLOW_READER', by: 'about' },
  { cause: 'ACCEPT_STUCK', symptom: 'SYN_SENT_STUCK', by: 'server' },
  // What is called does not take or read the request, or waits for something else itself.
  { cause: 'ACCEPT_STUCK', symptom: 'REQUESTS_UNANSWERED', by: 'server' },
  { cause: 'CONNECTION_CAP', symptom: 'REQUESTS_UNANSWERED', by: 'server' },
  { cause: 'CONNECTION_CAP', symptom: 'REQUESTS_UNANSWERED', by: 'about' },
  { cause: 'POOLER_STUCK', symptom: 'REQUESTS_UNANSWERED', by: 'server' },
  { cause: 'REUSEPORT_IMBALANCE', symptom: 'REQUESTS_UNANSWERED', by: 'server' },
  { cause: 'NOFILE_ACCEPT_STARVED', symptom: 'REQUESTS_UNANSWERED', by: 'server' },
  { cause: 'LISTEN_OVERFLOW', symptom: 'REQUESTS_UNANSWERED', by: 'server' },
  // The connections of a pool are held by those that wait for another server.
  { cause: 'REQUESTS_UNANSWERED', symptom: 'POOLER_STUCK', by: 'scope' },
  { cause: 'REQUESTS_UNANSWERED', symptom: 'LEAK_RISING', by: 'about' },
  { cause: 'BACKLOG_CLAMPED', symptom: 'LISTEN_OVERFLOW', by: 'about' },
  { cause: 'FIN_WAIT_STUCK', symptom: 'ORPHANS', by: 'any' },
  { cause: 'LISTEN_OVERFLOW', symptom: 'SYN_SENT_STUCK', by: 'server' },
  { cause: 'SYN_RECV_FLOOD', symptom: 'LISTEN_OVERFLOW', by: 'about' },
  { cause: 'SLOW_READER', symptom: 'ZERO_WINDOW_STUCK', by: 'server' },
  { cause: 'SLOW_READER', symptom: 'ZERO_WINDOW_STUCK', by: 'client' },
  { cause: 'DEAD_PEER_RETRANSMIT', symptom: 'RETRANS_HIGH', by: 'about' },
  { cause: 'DEAD_PEER_RETRANSMIT', symptom: 'SEND_QUEUE_STUCK', by: 'about' },
  { cause: 'PATH_MTU', symptom: 'RETRANS_HIGH', by: 'about' },
  { cause: 'PATH_MTU', symptom: 'SEND_QUEUE_STUCK', by: 'about' },
];
