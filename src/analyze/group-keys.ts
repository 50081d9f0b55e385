import { formatIpv4, formatIpv6, isMapped } from '../model/address.ts';
import type { GroupKey } from '../model/group.ts';
import type { Names } from '../model/names.ts';
import type { Proto, SocketView } from '../model/socket-view.ts';
import { stateName } from '../model/tcp-state.ts';
import { unixPath } from '../model/unix-path.ts';
import { mayNameService } from './endpoint.ts';
import { Interned } from './interned.ts';
import type { Role, Roles } from './roles.ts';

/** What some keys need beyond the socket itself. */
export interface GroupContext {
  /** Undefined for plain numbers. */
  names?: Names | undefined;
  /** `PID/name` of the process that holds a socket; undefined for none. Needed by `process`. */
  processOf?: (inode: number) => string | undefined;
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

const PROTOS: readonly Proto[] = ['tcp', 'udp', 'udplite', 'raw', 'sctp', 'mptcp', 'unix'];
const ROLES: readonly Role[] = ['server', 'client', 'none'];

/** The reader of a key. */
export function keyReader(key: GroupKey, context: GroupContext): KeyReader {
  switch (key) {
    case 'state':
      return word(
        key,
        (socket) => socket.state,
        (state) => stateName(state),
      );
    case 'proto':
      return word(
        key,
        (socket) => PROTOS.indexOf(socket.proto),
        (index) => PROTOS[index] ?? null,
      );
    case 'role':
      return word(
        key,
        (socket) => ROLES.indexOf(context.roles?.of(socket) ?? 'none'),
        (index) => (ROLES[index] === 'none' ? null : (ROLES[index] ?? null)),
      );
    case 'local-port':
      return port(key, (socket) => socket.localPort, context);
    case 'peer-port':
      return port(key, (socket) => socket.peerPort, context);
    case 'local':
      return address(key, 'local', true, context);
    case 'peer':
      return address(key, 'peer', true, context);
    case 'peer-address':
      return address(key, 'peer', false, context);
    case 'process':
      return interned(key, (socket) => context.processOf?.(socket.inode));
    case 'container':
      return interned(key, (socket) => context.containerOf?.(socket));
    case 'service':
      return interned(key, (socket) => serviceOf(socket, context));
  }
}

function word(
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

function interned(key: GroupKey, read: (socket: SocketView) => string | undefined): KeyReader {
  const texts = new Interned();
  return word(
    key,
    (socket) => texts.id(read(socket)),
    (id) => texts.text(id),
  );
}

function port(key: GroupKey, read: (socket: SocketView) => number, context: GroupContext): KeyReader {
  return {
    ...word(
      key,
      (socket) => read(socket) | (PROTOS.indexOf(socket.proto) << 16),
      (packed) => (PROTOS[packed >>> 16] === 'unix' ? null : packed & 0xffff),
    ),
    name: (words, at) => {
      const packed = words[at] ?? 0;
      return serviceName(packed & 0xffff, PROTOS[packed >>> 16] ?? 'tcp', context);
    },
  };
}

/**
 * An address is five words: the kind (0 IPv4, 1 IPv6, 2 UNIX) with the protocol and, where wanted,
 * the port, then the address. An IPv4-mapped address is counted as the IPv4 address that it is.
 */
function address(key: GroupKey, side: 'local' | 'peer', withPort: boolean, context: GroupContext): KeyReader {
  const paths = new Interned();
  const wordOf = (socket: SocketView, index: 0 | 1 | 2 | 3) =>
    side === 'local' ? socket.localWord(index) : socket.peerWord(index);
  const host = (words: Uint32Array, at: number) =>
    (words[at] ?? 0) >>> 24 === 1
      ? formatIpv6(words[at + 1] ?? 0, words[at + 2] ?? 0, words[at + 3] ?? 0, words[at + 4] ?? 0)
      : formatIpv4(words[at + 1] ?? 0);
  const portOf = (words: Uint32Array, at: number) => (words[at] ?? 0) & 0xffff;
  return {
    key,
    width: 5,
    write(socket, words, at) {
      const number = withPort ? (side === 'local' ? socket.localPort : socket.peerPort) : 0;
      // The protocol decides the port's name only; it must not split addresses without a port.
      const tag = withPort ? (PROTOS.indexOf(socket.proto) << 16) | number : 0;
      words[at + 2] = words[at + 3] = words[at + 4] = 0;
      if (socket.proto === 'unix') {
        words[at] = 2 << 24;
        words[at + 1] = side === 'local' ? paths.id(unixPath(socket)) : 0;
        return;
      }
      const mapped = socket.family === 'inet6' && isMapped(wordOf(socket, 0), wordOf(socket, 1), wordOf(socket, 2));
      if (socket.family === 'inet' || mapped) {
        words[at] = tag;
        words[at + 1] = wordOf(socket, mapped ? 3 : 0);
        return;
      }
      words[at] = (1 << 24) | tag;
      words[at + 1] = wordOf(socket, 0);
      words[at + 2] = wordOf(socket, 1);
      words[at + 3] = wordOf(socket, 2);
      words[at + 4] = wordOf(socket, 3);
    },
    value(words, at) {
      const kind = (words[at] ?? 0) >>> 24;
      if (kind === 2) return paths.text(words[at + 1] ?? 0);
      if (!withPort) return host(words, at);
      const text = portOf(words, at) === 0 ? '*' : String(portOf(words, at));
      return kind === 1 ? `[${host(words, at)}]:${text}` : `${host(words, at)}:${text}`;
    },
    name(words, at) {
      if ((words[at] ?? 0) >>> 24 === 2) return undefined;
      const name = context.names?.host(host(words, at));
      if (!withPort) return name;
      const number = portOf(words, at);
      const service = serviceName(number, PROTOS[((words[at] ?? 0) >>> 16) & 0xff] ?? 'tcp', context);
      if (name === undefined && service === undefined) return undefined;
      return `${name ?? host(words, at)}:${service ?? (number === 0 ? '*' : number)}`;
    },
  };
}

function serviceOf(socket: SocketView, context: GroupContext): string | undefined {
  if (socket.proto === 'unix' || socket.proto === 'raw') return undefined;
  const role = context.roles?.of(socket) ?? 'none';
  const number = role === 'client' ? socket.peerPort : socket.localPort;
  return serviceName(number, socket.proto, context) ?? (number === 0 ? undefined : String(number));
}

function serviceName(number: number, proto: Proto, context: GroupContext): string | undefined {
  if (proto === 'raw' || !mayNameService(number)) return undefined;
  return context.names?.service(number, proto);
}
