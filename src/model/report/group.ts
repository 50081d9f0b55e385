/** The keys that sockets can be grouped by. */
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

/** A key that sockets are grouped by. */
export type GroupKey = (typeof GROUP_KEYS)[number];

/** Order of groups: by count, the largest first, or by one of their keys. */
export type GroupOrder = 'count' | GroupKey;

/** Number of sockets with the same values of the requested keys. */
export interface Group {
  /**
   * The value of each requested key. Null where a socket has none: the port of a UNIX
   * socket, the process of a TIME_WAIT entry, the container of a socket that belongs to none.
   */
  key: Partial<Record<GroupKey, string | number | null>>;
  /** Number of sockets. */
  count: number;
  /** Names of addresses and ports in the key, `db:mysql`; absent where none is known. */
  names?: Partial<Record<GroupKey, string>>;
}
