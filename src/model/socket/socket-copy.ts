import type { SocketView } from './socket-view.ts';
import type { TcpInfo } from './tcp-info.ts';

/** The fields of a view that are properties; the type of {@link VALUES} makes sure that none is missing. */
type Value = {
  [Key in keyof SocketView]: SocketView[Key] extends (...args: never) => unknown ? never : Key;
}[keyof SocketView];

const VALUES = Object.keys({
  proto: true,
  family: true,
  state: true,
  localPort: true,
  peerPort: true,
  receiveQueue: true,
  sendQueue: true,
  uid: true,
  inode: true,
  cookieLow: true,
  cookieHigh: true,
  timer: true,
  timerExpiresMs: true,
  retransmits: true,
  interfaceIndex: true,
  socketType: true,
  protocol: true,
  peerInode: true,
} satisfies Record<Value, true>) as Value[];

/** The object of the one socket under a view, which stays when the view moves on. */
export function copySocket(socket: SocketView): SocketView {
  const values = Object.fromEntries(VALUES.map((name) => [name, socket[name]])) as Pick<SocketView, Value>;
  const local = words((index) => socket.localWord(index));
  const peer = words((index) => socket.peerWord(index));
  const cgroupId = socket.cgroupId();
  const mark = socket.mark();
  const info = socket.tcpInfo();
  const drops = socket.drops();
  const groups = socket.groups();
  const v6only = socket.v6only();
  const receiveBufferBytes = socket.receiveBufferBytes();
  const receiveMemoryBytes = socket.receiveMemoryBytes();
  const unixName = socket.unixName()?.slice();
  return {
    ...values,
    localWord: (index) => local[index] as number,
    peerWord: (index) => peer[index] as number,
    cgroupId: () => cgroupId,
    mark: () => mark,
    tcpInfo: () => info,
    tcpInfoNumber: (field) => (info as TcpInfo | undefined)?.[field],
    drops: () => drops,
    groups: () => groups,
    v6only: () => v6only,
    receiveBufferBytes: () => receiveBufferBytes,
    receiveMemoryBytes: () => receiveMemoryBytes,
    unixName: () => unixName,
  };
}

function words(read: (index: 0 | 1 | 2 | 3) => number): readonly number[] {
  return [read(0), read(1), read(2), read(3)];
}
