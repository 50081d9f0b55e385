import type { Problem } from './problem.ts';

/** What each rule finds, in at most four words, by its name: for lines in which the sentence of its title has no room. */
export const SHORT_TITLES: Readonly<Record<string, string>> = {
  ACCEPT_STUCK: 'Server stands still',
  BACKEND_IMBALANCE: 'Uneven backends',
  BACKLOG_CLAMPED: 'Backlog too short',
  CLOSE_WAIT_LEAK: 'CLOSE_WAIT leak',
  CONN_CHURN: 'Connection churn',
  CONNECT_REFUSED: 'Connections refused',
  CONNECTION_CAP: 'Server at its cap',
  CONNTRACK_FULL: 'Conntrack table full',
  DEAD_PEER_RETRANSMIT: 'Peer is gone',
  DNS_STORM: 'DNS query storm',
  DNS_UNANSWERED: 'DNS not answered',
  DOCKER_PROXY_HOP: 'Through docker-proxy',
  DROPPED_AFTER_ACCEPT: 'Dropped after accept',
  EMBEDDED_DNS_LISTENER: "Docker's DNS server",
  EPHEMERAL_EXHAUSTION: 'Local ports run out',
  EVENT_LOSS: 'Events were lost',
  FD_LEAK_BY_TYPE: 'Descriptor leak',
  FIN_WAIT_STUCK: 'Close not acknowledged',
  HALF_CLOSED_HELD: 'Half-closed for long',
  HALF_OPEN_IDLE: 'Idle without keepalive',
  HOST_NETWORK: "On the host's network",
  KEEPALIVE_MISMATCH: 'Keepalive mismatch',
  LEAK_RISING: 'Only more connections',
  LIMIT_MISMATCH: 'Unsuitable file limit',
  LISTEN_OVERFLOW: 'Accept queue overflows',
  LOOPBACK_LISTENER: 'Listens on loopback only',
  MPTCP_DUPLICATE: 'MPTCP counted once',
  NAGLE_DELACK: 'Small writes delayed',
  NOFILE_ACCEPT_STARVED: 'Descriptors exhausted',
  NOFILE_NEAR_LIMIT: 'Descriptors near limit',
  OPAQUE_RUNTIME: 'Sockets not visible',
  ORPHANS: 'Too many orphans',
  PATH_MTU: 'Large packets lost',
  PIDS_LIMIT: 'Process limit reached',
  POOL_ARITHMETIC: 'Pools exceed database',
  POOL_IDLE_CAP_ONLY: 'Pool without open cap',
  POOL_IDLE_SURPLUS: 'Pool mostly idle',
  POOL_NEVER_CAPPED: 'Pool never capped',
  POOL_OVERRUN: 'Pool over its cap',
  POOLER_STUCK: 'Pooler stuck',
  REFUSED_BY_SERVER: 'Logins refused',
  REQUESTS_UNANSWERED: 'Server answers nothing',
  RETRANS_HIGH: 'Many retransmissions',
  REUSEPORT_IMBALANCE: 'Listener does not accept',
  SEND_QUEUE_STUCK: 'Send queue stuck',
  SHARED_NETNS: 'Shared network namespace',
  SLOW_READER: 'Slow reader',
  SYN_RECV_FLOOD: 'Half-open flood',
  SYN_SENT_STUCK: 'Connects without answer',
  TCP_MEM_PRESSURE: 'TCP memory pressure',
  TIME_WAIT_PILEUP: 'TIME_WAIT pile-up',
  UDP_RCVBUF_DROPS: 'Datagrams dropped',
  UNIX_BACKLOG: 'UNIX queue full',
  V4MAPPED_MIX: 'IPv4 in two tables',
  ZERO_WINDOW_STUCK: 'Peer does not read',
  ZOMBIE_SOCKET_FDS: 'Dead sockets held',
};

/** What was found, in at most four words; the title where the rule is of another version. */
export function shortTitle({ rule, title }: Pick<Problem, 'rule' | 'title'>): string {
  return Object.hasOwn(SHORT_TITLES, rule) ? (SHORT_TITLES[rule] ?? title) : title;
}

/** What was found, in a few words, with the peer or port that it is about: `Pool without open cap: db:mysql`. */
export function shortTitleText(problem: Pick<Problem, 'rule' | 'title' | 'about'>): string {
  return withAbout(shortTitle(problem), problem.about);
}

/** A title with the peer or port of {@link Problem.about}. */
export function withAbout(title: string, about: string | undefined): string {
  if (about === undefined) return title;
  return `${title}: ${about.startsWith('peer ') ? about.slice('peer '.length) : about}`;
}
