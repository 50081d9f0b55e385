import { ALL_STATES, stateMask, TCP_STATE } from '../model/socket/tcp-state.ts';

const S = TCP_STATE;
/** Neither listening nor connected; includes bound TCP sockets. */
const UNCONNECTED = stateMask(S.CLOSE, S.BOUND_INACTIVE);
const CONNECTED = ALL_STATES & ~UNCONNECTED & ~stateMask(S.LISTEN);
const BUCKET = stateMask(S.SYN_RECV, S.NEW_SYN_RECV, S.TIME_WAIT);

/** The states that ss shows by default, ss(8). */
export const SS_DEFAULT_STATES = CONNECTED & ~BUCKET;

/** Groups of states, ss(8). */
const GROUPS: Readonly<Record<string, number>> = {
  all: ALL_STATES,
  connected: CONNECTED,
  synchronized: CONNECTED & ~stateMask(S.SYN_SENT),
  bucket: BUCKET,
  big: ALL_STATES & ~BUCKET,
};

const ONES: Readonly<Record<string, number>> = {
  established: stateMask(S.ESTABLISHED),
  'syn-sent': stateMask(S.SYN_SENT),
  // Half-open entries have two numbers in requests, and one in answers.
  'syn-recv': stateMask(S.SYN_RECV, S.NEW_SYN_RECV),
  'fin-wait-1': stateMask(S.FIN_WAIT1),
  'fin-wait-2': stateMask(S.FIN_WAIT2),
  'time-wait': stateMask(S.TIME_WAIT),
  unconnected: UNCONNECTED,
  'close-wait': stateMask(S.CLOSE_WAIT),
  'last-ack': stateMask(S.LAST_ACK),
  listening: stateMask(S.LISTEN),
  closing: stateMask(S.CLOSING),
  'bound-inactive': stateMask(S.BOUND_INACTIVE),
};

/** Other names: those of netstat, abbreviations in tables, and second names of ss. */
const ALIASES: Readonly<Record<string, string>> = {
  estab: 'established',
  'syn-rcv': 'syn-recv',
  close: 'unconnected',
  closed: 'unconnected',
  unconn: 'unconnected',
  listen: 'listening',
};

/** Names to suggest, as ss spells them. */
export const STATE_NAMES: readonly string[] = [...Object.keys(ONES), ...Object.keys(GROUPS)];

/** Normalises a name: `FIN_WAIT1`, `fin-wait-1` and `finwait1` are equal. */
const squeeze = (name: string) => name.toLowerCase().replace(/[-_]/g, '');

const MASKS = new Map<string, number>();
for (const [name, mask] of Object.entries({ ...ONES, ...GROUPS })) MASKS.set(squeeze(name), mask);
for (const [name, of] of Object.entries(ALIASES)) MASKS.set(squeeze(name), ONES[of] ?? 0);

/**
 * The mask of a state or group of states in any spelling; undefined for an unknown one.
 *
 * @param asSs whether `unconnected` excludes bound TCP sockets, as in ss
 */
export function maskOfState(name: string, asSs = false): number | undefined {
  const mask = MASKS.get(squeeze(name));
  return asSs && mask === UNCONNECTED ? stateMask(S.CLOSE) : mask;
}

/** Describes a mask: `established,close-wait`, the name of a group, or `not listening`. */
export function describeStates(mask: number): string {
  const known = (wanted: number) =>
    Object.entries({ ...GROUPS, ...ONES }).find(([, candidate]) => candidate === wanted)?.[0];
  const name = known(mask & ALL_STATES);
  if (name !== undefined) return name;
  const opposite = known(ALL_STATES & ~mask);
  if (opposite !== undefined) return `not ${opposite}`;
  const names = Object.entries(ONES).filter(([name, one]) => name !== 'unconnected' && (mask & one) !== 0);
  const close = (mask & stateMask(S.CLOSE)) !== 0 ? ['unconnected'] : [];
  return [...names.map(([name]) => name), ...close].join(',') || 'none';
}
