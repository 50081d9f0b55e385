import { narrowed } from '../filter/bound-filter.ts';
import type { Filter } from '../filter/syntax.ts';
import type { SocketReport } from '../model/report/report.ts';
import { type RowContext, socketRow } from '../model/socket/make-socket-row.ts';
import type { SocketQuery } from '../model/socket/socket-query.ts';
import type { SocketRow } from '../model/socket/socket-row.ts';
import type { SocketView } from '../model/socket/socket-view.ts';
import type { NetnsSnapshot } from '../sources/snapshot.ts';
import { containerNames } from './container-names.ts';
import { addGaps } from './owner-gaps.ts';
import { bindIn, matching } from './socket-test.ts';

/** Which sockets are listed, and what is added to each. */
export interface SocketsOptions {
  query: SocketQuery;
  /** Whether owner processes are wanted. */
  processes: boolean;
  /** Whether addresses and ports get names. */
  names: boolean;
  /** Only those that match; undefined for all. */
  filter?: Filter | undefined;
}

/** Sockets of a target with everything that their rows need. */
export interface Sockets extends SocketReport {
  context: RowContext;
}

/**
 * Lists the sockets of a namespace, with their containers where several share it.
 *
 * @throws {Failure} `usage` and `unsupported` for a filter that cannot be decided, and as `NetnsSnapshot.read`
 */
export async function listSockets(netns: NetnsSnapshot, options: SocketsOptions): Promise<Sockets> {
  const { query } = options;
  const residents = await netns.residents();
  const bound = await bindIn(netns, options.filter, query);
  const names = options.names ? await netns.names() : undefined;
  const read = await netns.read(bound === undefined ? query : narrowed(query, bound));
  const { shared } = residents;
  const wantsOwners = options.processes || shared || bound?.needs.containers;
  const attribution = wantsOwners ? await netns.attribution(read.sockets) : undefined;
  const containerOf = attribution && containerNames(residents, attribution);
  const sockets = bound === undefined ? read.sockets : await matching({ netns, query, containerOf }, read, bound);
  if (attribution !== undefined)
    addGaps(read.coverage, attribution.owners, bound?.needs.containers ? read.sockets : sockets);
  const context: RowContext = {
    ...(names !== undefined && { names }),
    ...(options.processes &&
      attribution !== undefined && {
        processesOf: (inode: number) => attribution.owners.processesOf(inode),
        holdersOf: (inode: number) => attribution.owners.of(inode),
      }),
    ...(shared &&
      containerOf !== undefined &&
      attribution !== undefined && {
        containerOf,
        attributionOf: (socket: SocketView) => attribution.of(socket)?.by,
      }),
    deviceName: (index) => netns.deviceName(index),
  };
  const { takenAt, source, sources, coverage } = read;
  const origin = attribution?.owners.origin;
  const owners = origin && { owners: origin };
  return { target: netns.target, takenAt, source, sources, ...owners, coverage, sockets, shared, context };
}

/** Every socket as an object: convenient for hundreds, wasteful for a hundred thousand. */
export function rowsOf({ sockets, context }: Sockets): SocketRow[] {
  const rows: SocketRow[] = [];
  sockets.each((socket) => {
    rows.push(socketRow(socket, context));
  });
  return rows;
}
