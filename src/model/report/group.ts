/** What sockets can be counted by. */
export const GROUP_KEYS = [
  'state',
  'peer',
  'peer-address',
  'peer-port',
  'local',
  'local-port',
  'process',
  'container',
  'proto',
  'service',
  'role',
  'idle',
  'age',
  'rtt',
] as const;

export type GroupKey = (typeof GROUP_KEYS)[number];

/** In which order groups stand: by their counts, the largest first, or by one of their keys. */
export type GroupOrder = 'count' | GroupKey;

/** How many sockets share the same values of some keys. */
export interface Group {
  /**
   * The value of each key that was asked for. Null where a socket has none: the port of a UNIX
   * socket, the process of a TIME_WAIT entry, the container of an unowned socket.
   */
  key: Partial<Record<GroupKey, string | number | null>>;
  /** Each socket counted once. */
  count: number;
  /** Names of addresses and ports in the key, `db:mysql`; absent where none is known. */
  names?: Partial<Record<GroupKey, string>>;
}
