import { type Buckets, bucketOf, RTT_BUCKETS, TIME_BUCKETS } from '../model/report/buckets.ts';
import type { GroupKey } from '../model/report/group.ts';
import { idleMs, knownAgeMs, roundTripUs } from '../model/socket/connection-times.ts';
import { hasPorts, type SocketView } from '../model/socket/socket-view.ts';
import { stateName } from '../model/socket/tcp-state.ts';
import { address, port } from './endpoint-keys.ts';
import { type GroupContext, interned, type KeyReader, PROTOS, serviceName, word } from './key-reader.ts';
import type { Role } from './roles.ts';

const ROLES: readonly Role[] = ['server', 'client', 'none'];

/** The reader of a group key. */
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
      return address(key, 'local', () => true, context);
    case 'peer':
      // A client's port is its kernel's choice: connections from one client to a listener are one peer.
      return address(key, 'peer', (socket) => context.roles?.of(socket) !== 'server', context);
    case 'peer-address':
      return address(key, 'peer', undefined, context);
    case 'process':
      return interned(key, (socket) => context.processOf?.(socket));
    case 'container':
      return interned(key, (socket) => context.containerOf?.(socket));
    case 'service':
      return interned(key, (socket) => serviceOf(socket, context));
    case 'idle':
      return bucket(key, TIME_BUCKETS, (socket) => inMicroseconds(idleMs(socket)));
    case 'age':
      return bucket(key, TIME_BUCKETS, (socket) => inMicroseconds(knownAgeMs(socket)));
    case 'rtt':
      return bucket(key, RTT_BUCKETS, roundTripUs);
  }
}

function serviceOf(socket: SocketView, context: GroupContext): string | undefined {
  if (!hasPorts(socket.proto)) return undefined;
  const role = context.roles?.of(socket) ?? 'none';
  const number = role === 'client' ? socket.peerPort : socket.localPort;
  return serviceName(number, socket.proto, context) ?? (number === 0 ? undefined : String(number));
}

/** Key reader of a measured time, by range; null for a socket without a measured time. */
function bucket(key: GroupKey, buckets: Buckets, read: (socket: SocketView) => number | undefined): KeyReader {
  return word(
    key,
    (socket) => {
      const us = read(socket);
      return us === undefined ? 0 : 1 + bucketOf(buckets, us);
    },
    (index) => buckets.labels[index - 1] ?? null,
  );
}

function inMicroseconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms * 1000;
}
