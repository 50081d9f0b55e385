import type { Target } from '../netns/target.ts';
import type { OwnersOrigin, SocketsHeader } from '../sample/coverage.ts';
import type { SocketSource } from '../socket/socket-view.ts';
import type { Group, GroupKey } from './group.ts';

/** The common part of all answers about the sockets of one target. */
export interface ReportHeader extends SocketsHeader {
  target: Target;
  /** How owner processes were found; absent where none were searched, and for a recording. */
  owners?: OwnersOrigin;
}

/** The sockets of a target. */
export interface SocketReport extends ReportHeader {
  /** Whether several containers, or containers and the host, share the network namespace. */
  shared: boolean;
  sockets: SocketSource;
  /** Number of all sockets, where `sockets` are sorted or limited; otherwise absent. */
  total?: number;
}

/** The sockets of a target, counted in groups. */
export interface GroupReport extends ReportHeader {
  keys: readonly GroupKey[];
  /** In the requested order; by default the largest first. */
  groups: Group[];
  /** Counts over all groups, including those that are not shown. */
  total: { sockets: number; groups: number };
}
