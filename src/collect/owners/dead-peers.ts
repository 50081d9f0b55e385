import type { DeadPeer, SocketDescriptor } from '../../model/sample/descriptor-kinds.ts';
import { mayNameService, peerAddress } from '../../model/socket/endpoint.ts';
import type { Machine } from '../machine.ts';
import { HeldSocketView } from './held-socket-view.ts';
import { heldPass } from './owner-pass.ts';

/** The most peers that are told; the largest are. */
const MAX_PEERS = 5;

/**
 * The peers that sockets without a table had: the kernel keeps them until the descriptor is closed, and only a pass
 * over the descriptors shows them.
 *
 * @param unshown such sockets of the process, TCP or UDP
 * @returns the peer with most sockets first; empty where a pass is not permitted
 */
export function deadPeers(machine: Machine, pid: number, unshown: readonly SocketDescriptor[]): DeadPeer[] {
  if (unshown.length === 0) return [];
  const pass = heldPass(machine);
  if (typeof pass === 'string') return [];
  const table = pass.readProcess(pid) ?? pass.read();
  const wanted = new Set(unshown.map(({ inode }) => inode));
  const pids = table.column('pid');
  const fds = table.column('fd');
  const view = new HeldSocketView(table);
  const peers = new Map<string, DeadPeer>();
  for (let row = 0; row < table.rows; row++) {
    // Of several descriptors of a socket the first one counts.
    if (pids[row] !== pid || !wanted.delete(view.moveTo(row).inode)) continue;
    const port = mayNameService(view.peerPort) ? view.peerPort : undefined;
    // A failed connect(2) that waited clears the port alone.
    const hasPeer = ([0, 1, 2, 3] as const).some((index) => view.peerWord(index) !== 0);
    const peer = hasPeer ? peerAddress(view) : undefined;
    const key = `${peer} ${port}`;
    const known = peers.get(key);
    if (known !== undefined) known.count++;
    else
      peers.set(key, {
        ...(peer !== undefined && { peer }),
        ...(port !== undefined && { port }),
        count: 1,
        fd: fds[row] ?? 0,
      });
  }
  return [...peers.values()].sort((a, b) => b.count - a.count || a.fd - b.fd).slice(0, MAX_PEERS);
}
