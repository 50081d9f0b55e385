/**
 * The kernel's TCP state numbers and their names as netstat spells them.
 * Source: include/net/tcp_states.h.
 */
export const TCP_STATE = {
  ESTABLISHED: 1,
  SYN_SENT: 2,
  SYN_RECV: 3,
  FIN_WAIT1: 4,
  FIN_WAIT2: 5,
  TIME_WAIT: 6,
  CLOSE: 7,
  CLOSE_WAIT: 8,
  LAST_ACK: 9,
  LISTEN: 10,
  CLOSING: 11,
  /** Half-open requests since Linux 4.4; answers have SYN_RECV instead. */
  NEW_SYN_RECV: 12,
  /** For requests only: bound, neither listening nor connected. Answers have CLOSE instead. */
  BOUND_INACTIVE: 13,
} as const;

/** Names by number; index 0 is no state. */
const NAMES: readonly string[] = [
  'UNKNOWN',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
  'SYN_RECV',
  'CLOSE',
];

/** Display order of states: open sockets first, closing ones after. */
export const STATE_DISPLAY_ORDER = [
  'ESTABLISHED',
  'LISTEN',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE_WAIT',
  'LAST_ACK',
  'CLOSING',
  'CLOSE',
] as const;

/** The eleven states that an answer can have, as netstat spells them. */
export type TcpStateName = (typeof STATE_DISPLAY_ORDER)[number];

/** netstat's spelling of a state number; `UNKNOWN(n)` for an unknown number. */
export function stateName(state: number): string {
  return (state > 0 ? NAMES[state] : undefined) ?? `UNKNOWN(${state})`;
}

/** A bit mask for {@link TCP_STATE} numbers, as `idiag_states` takes it. */
export function stateMask(...states: number[]): number {
  let mask = 0;
  for (const state of states) mask |= 1 << state;
  return mask;
}

/** Mask of every state that a dump can be requested for, BOUND_INACTIVE included. */
export const ALL_STATES = 0x3ffe;
