import type { Names } from '../model/names.ts';
import type { GroupKey } from '../model/report/group.ts';
import { mayNameService } from '../model/socket/endpoint.ts';
import type { Proto, SocketView } from '../model/socket/socket-view.ts';
import { Interner } from './interner.ts';
import type { Roles } from './roles.ts';

/** What some keys need beyond the socket itself. */
export interface GroupContext {
  /** Undefined for plain numbers. */
  names?: Names | undefined;
  /** `PID/name` of the process that holds a socket; undefined for none. Needed by `process`. */
  processOf?: (socket: SocketView) => string | undefined;
  /** Name of the container of a socket; undefined for none. Needed by `container`. */
  containerOf?: (socket: SocketView) => string | undefined;
  /** Needed by `role` and `service`. */
  roles?: Roles;
}

/** Reads a key of a socket into words, and words back into what is shown. */
export interface KeyReader {
  key: GroupKey;
  /** Words that {@link write} fills. */
  width: number;
  write(socket: SocketView, words: Uint32Array, at: number): void;
  value(words: Uint32Array, at: number): string | number | null;
  /** A name to show beside the value; undefined where there is none. */
  name?(words: Uint32Array, at: number): string | undefined;
}

/** Protocols as numbers of a key. */
export const PROTOS: readonly Proto[] = ['tcp', 'udp', 'udplite', 'raw', 'sctp', 'mptcp', 'unix'];

/** A key of one word. */
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

/** A key of text. */
export function interned(key: GroupKey, read: (socket: SocketView) => string | undefined): KeyReader {
  const texts = new Interner();
  return word(
    key,
    (socket) => texts.id(read(socket)),
    (id) => texts.text(id),
  );
}

/** Name of a port for a protocol; undefined where none is known. */
export function serviceName(number: number, proto: Proto, context: GroupContext): string | undefined {
  if (proto === 'raw' || !mayNameService(number)) return undefined;
  return context.names?.service(number, proto);
}
