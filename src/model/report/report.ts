import type { Target } from '../netns/target.ts';
import type { SocketsHeader } from '../sample/coverage.ts';
import type { SocketSource } from '../socket/socket-view.ts';
import type { Group, GroupKey } from './group.ts';

/** What is true of every answer about one target's sockets. */
export interface ReportHeader extends SocketsHeader {
  target: Target;
}

/** Sockets of a target, not yet made into rows. */
export interface SocketReport extends ReportHeader {
  /** True when several containers, or containers and the host, share the namespace. */
  shared: boolean;
  sockets: SocketSource;
}

/** Sockets of a target, counted. */
export interface GroupReport extends ReportHeader {
  keys: readonly GroupKey[];
  /** In the order that was asked for: the largest first unless told otherwise. */
  groups: Group[];
  /** Of all groups, those among them that are not shown. */
  total: { sockets: number; groups: number };
}
