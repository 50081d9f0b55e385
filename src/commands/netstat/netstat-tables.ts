import { dumpSockets } from '../../collect/dump/dump-sockets.ts';
import { readInetTable, readNetFile } from '../../collect/dump/net-files.ts';
import type { Machine } from '../../collect/machine.ts';
import type { NetnsHandle } from '../../collect/target/netns-handle.ts';
import { Failure } from '../../model/failure.ts';
import { localAddress, peerAddress } from '../../model/socket/endpoint.ts';
import type { SocketSource } from '../../model/socket/socket-view.ts';
import { ALL_STATES, stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';
import { type InetKind, isSelected } from '../../render/netstat/inet-rows.ts';
import type { NetstatOptions } from '../../render/netstat/options.ts';

/** Rows of one kind, in the order of being printed. */
export interface NetstatTable {
  kind: InetKind;
  rows: SocketSource;
}

/** The states that `/proc/net/tcp` lists: all but that of sockets that are only bound. */
const LISTED = ALL_STATES & ~stateMask(TCP_STATE.BOUND_INACTIVE);

/**
 * Reads the tables that the flags ask for. TCP comes by netlink, which is several times faster on
 * many sockets; what sock_diag does not report (the uid of a half-open entry, both counters of a timer)
 * and every other protocol comes from `/proc`, as the original has it.
 *
 * @throws {Failure} `unsupported` when a protocol was named that this kernel does not have
 */
export function readTables(
  machine: Machine,
  handle: NetnsHandle,
  options: NetstatOptions,
): { tables: NetstatTable[]; unix: Uint8Array | undefined } {
  const tables: NetstatTable[] = [];
  for (const kind of ['tcp', 'udp', 'udplite', 'raw'] as const) {
    if (!options.everything && !options[kind]) continue;
    if (kind === 'tcp' && !options.extended && !options.timers) tables.push(...tcpByNetlink(machine, handle, options));
    else tables.push(...fromProc(machine, handle, kind, options));
  }
  const unix = options.everything || options.unix ? readNetFile(machine, handle, 'unix') : undefined;
  return { tables, unix };
}

/** One dump serves both address families; the rows of `tcp` are printed before those of `tcp6`. */
function tcpByNetlink(machine: Machine, handle: NetnsHandle, options: NetstatOptions): NetstatTable[] {
  const { inet, inet6 } = options;
  const { sockets } = dumpSockets(machine, handle, { protos: ['tcp'], inet, inet6, states: LISTED, tcpInfo: false });
  const families = [...(inet ? ['inet'] : []), ...(inet6 ? ['inet6'] : [])];
  return families.map((family) => ({
    kind: 'tcp',
    rows: {
      each(visit) {
        sockets.each((socket) => {
          if (socket.family === family) visit(socket);
        });
      },
    },
  }));
}

function fromProc(machine: Machine, handle: NetnsHandle, kind: InetKind, options: NetstatOptions): NetstatTable[] {
  const tables: NetstatTable[] = [];
  for (const family of ['inet', 'inet6'] as const) {
    if (!options[family]) continue;
    const rows = readInetTable(machine, handle, kind, family);
    if (rows !== undefined) tables.push({ kind, rows });
    else if (family === 'inet' && options.named.includes(kind)) {
      throw new Failure('unsupported', `netstat: no support for ${kind} on this system: there is no /proc/net/${kind}`);
    }
  }
  return tables;
}

/** Textual addresses whose names the rows will show. Any-addresses have none. */
export function addressesOf(tables: readonly NetstatTable[], options: NetstatOptions): Set<string> {
  const addresses = new Set<string>();
  for (const { kind, rows } of tables) {
    rows.each((socket) => {
      if (!isSelected(socket, kind, options)) return;
      addresses.add(localAddress(socket));
      addresses.add(peerAddress(socket));
    });
  }
  addresses.delete('0.0.0.0');
  addresses.delete('::');
  return addresses;
}
