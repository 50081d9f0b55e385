import type { Group, GroupKey } from '../model/group.ts';
import type { Names } from '../model/names.ts';
import type { Holder } from '../model/socket-record.ts';
import type { SocketSource, SocketView } from '../model/socket-view.ts';
import { TCP_STATE } from '../model/tcp-state.ts';
import { GroupCounter } from './group-by.ts';
import { Roles } from './roles.ts';

/** The sockets of one look, and what is known of them. */
export interface Counted {
  sockets: SocketSource;
  names: Names;
  holderOf(socket: SocketView): Holder | undefined;
  containerOf(socket: SocketView): string | undefined;
}

/** The groups of a look. */
export interface LookCounts {
  groups: Group[];
  total: number;
  /** Of them, the TCP connections that a test calls new. */
  made: number;
}

/**
 * Counts the sockets of a look that a test lets through, in groups.
 *
 * @param isNew whether no look before had a socket
 */
export function countLook(
  look: Counted,
  keys: readonly GroupKey[],
  test: (socket: SocketView) => boolean,
  isNew: (socket: SocketView) => boolean = () => false,
): LookCounts {
  const needsRoles = keys.some((key) => key === 'role' || key === 'service');
  const counter = new GroupCounter(keys, {
    names: look.names,
    ...(needsRoles && { roles: new Roles(look.sockets) }),
    processOf: (socket) => {
      const holder = look.holderOf(socket);
      return holder === undefined ? undefined : `${holder.pid}/${holder.name}`;
    },
    containerOf: (socket) => look.containerOf(socket),
  });
  let made = 0;
  look.sockets.each((socket) => {
    if (!test(socket)) return;
    counter.count(socket);
    if (socket.proto === 'tcp' && socket.state !== TCP_STATE.LISTEN && isNew(socket)) made++;
  });
  const groups = counter.groups();
  return { groups, total: groups.reduce((sum, { count }) => sum + count, 0), made };
}
