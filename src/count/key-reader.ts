import type { Names } from '../model/names.ts';
import type { GroupKey } from '../model/report/group.ts';
import { mayNameService } from '../model/socket/endpoint.ts';
import { hasPorts, type Proto, type SocketView } from '../model/socket/socket-view.ts';
import { Interner } from './interner.ts';
import type { Roles } from './roles.ts';

/** Lookups that some keys need beyond the socket itself. */
export interface GroupContext {
  /** Undefined where names are not shown. */
  names?: Names | undefined;
  /** `PID/name` of the process that holds a socket; undefined for none. Needed by `process`. */
  processOf?: (socket: SocketView) => string | undefined;
  /** Name of the container of a socket; undefined for none. Needed by `container`. */
  containerOf?: (socket: SocketView) => string | undefined;
  /** Names an interface by its index; undefined where names are not known. */
  deviceName?: (index: number) => string | undefined;
  /** Needed by `role` and `service`; `peer` without them keeps the port of every client. */
  roles?: Pick<Roles, 'of'>;
}

/** Encodes a group key of a socket into 32-bit words, and decodes the words into the value that is shown. */
export interface KeyReader {
  key: GroupKey;
  /** Number of words that {@link write} writes. */
  width: number;
  /** Writes the key of a socket into `words` from index `at` on. */
  write(socket: SocketView, words: Uint32Array, at: number): void;
  /** The value of the key at index `at`; null for a socket that has none. */
  value(words: Uint32Array, at: number): string | number | null;
  /** A name to show beside the value; undefined where none is known. */
  name?(words: Uint32Array, at: number): string | undefined;
}

/** Protocols by the number that stands for them in a key. */
export const PROTOS: readonly Proto[] = [
  ...(['tcp', 'udp', 'udplite', 'raw', 'sctp', 'mptcp', 'unix', 'icmp', 'packet', 'netlink', 'vsock'] as const),
];

/** Key reader of one word. */
export function word(
  key: GroupKey,
  read: (socket: SocketView) => number,
  value: (word: number) => string | number | null,
): KeyReader {
  return {
    key,
    width: 1,
    write: (socket, words, at) => {
      words[at] = read(socket);
    },
    value: (words, at) => value(words[at] ?? 0),
  };
}

/** Key reader of a text. */
export function interned(key: GroupKey, read: (socket: SocketView) => string | undefined): KeyReader {
  const texts = new Interner();
  return word(
    key,
    (socket) => texts.id(read(socket)),
    (id) => texts.text(id),
  );
}

/** Service name of a port for a protocol; undefined where none is known. */
export function serviceName(number: number, proto: Proto, context: GroupContext): string | undefined {
  if (!hasPorts(proto) || !mayNameService(number)) return undefined;
  return context.names?.service(number, proto);
}
