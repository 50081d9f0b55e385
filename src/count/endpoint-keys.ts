import { formatEndpoint } from '../base/endpoint-text.ts';
import type { GroupKey } from '../model/report/group.ts';
import { formatIpv4, formatIpv6, isMapped } from '../model/socket/address.ts';
import { deviceText } from '../model/socket/make-socket-row.ts';
import { otherLocal, otherPeer } from '../model/socket/other-endpoint.ts';
import { isInet, type SocketView } from '../model/socket/socket-view.ts';
import { unixPath } from '../model/socket/unix-path.ts';
import { Interner } from './interner.ts';
import { type GroupContext, type KeyReader, PROTOS, serviceName, word } from './key-reader.ts';

/** Stands for a socket without a port; no protocol has this number. */
const NO_PORT = 0xffffffff;

/** Key reader of a port, with the service name. */
export function port(key: GroupKey, read: (socket: SocketView) => number, context: GroupContext): KeyReader {
  return {
    ...word(
      key,
      // A port of 32 bits, of netlink and vsock, does not fit, and is none of a service.
      (socket) => (isInet(socket.family) ? read(socket) | (PROTOS.indexOf(socket.proto) << 16) : NO_PORT),
      (packed) => (packed === NO_PORT ? null : packed & 0xffff),
    ),
    name: (words, at) => {
      const packed = words[at] ?? 0;
      return serviceName(packed & 0xffff, PROTOS[packed >>> 16] ?? 'tcp', context);
    },
  };
}

/**
 * Key reader of an address: five words. The first has the kind (0 IPv4, 1 IPv6, 2 text) in bits 24 to 31, and
 * with a port the protocol in bits 16 to 23 and the port below; the other four are the address. An IPv4-mapped
 * address is counted as the IPv4 address.
 *
 * @param hasPort whether the port of a socket is part of its key; sockets without one are counted together, `*` as port.
 *   Undefined for a key that has no port
 */
export function address(
  key: GroupKey,
  side: 'local' | 'peer',
  hasPort: ((socket: SocketView) => boolean) | undefined,
  context: GroupContext,
): KeyReader {
  const withPort = hasPort !== undefined;
  const texts = new Interner();
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
      const number = hasPort?.(socket) ? (side === 'local' ? socket.localPort : socket.peerPort) : 0;
      // The protocol is needed for the service name of the port only: without a port it must not split the group.
      const tag = withPort ? (PROTOS.indexOf(socket.proto) << 16) | number : 0;
      words[at + 2] = words[at + 3] = words[at + 4] = 0;
      if (!isInet(socket.family)) {
        words[at] = 2 << 24;
        words[at + 1] = texts.id(side === 'local' ? localText(socket, context) : otherPeer(socket));
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
      if (kind === 2) return texts.text(words[at + 1] ?? 0);
      return withPort ? formatEndpoint(host(words, at), portOf(words, at)) : host(words, at);
    },
    name(words, at) {
      if ((words[at] ?? 0) >>> 24 === 2) return undefined;
      const name = context.names?.host(host(words, at));
      if (!withPort) return name;
      const number = portOf(words, at);
      const service = serviceName(number, PROTOS[((words[at] ?? 0) >>> 16) & 0xff] ?? 'tcp', context);
      if (name === undefined && service === undefined) return undefined;
      return formatEndpoint(name ?? host(words, at), service ?? number);
    },
  };
}

/** The local address of a socket without an IP address; undefined for none. */
function localText(socket: SocketView, context: GroupContext): string | undefined {
  if (socket.proto === 'unix') return unixPath(socket);
  return otherLocal(socket, (index) => deviceText(index, context));
}
