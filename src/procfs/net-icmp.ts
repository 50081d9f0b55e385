import type { SocketSource, SocketView } from '../model/socket/socket-view.ts';
import { ProcInetTable } from './net-inet.ts';

/**
 * The ping sockets of `/proc/net/icmp` and `/proc/net/icmp6`, each once and in its family.
 *
 * The kernel's table has both families, and its iterator skips those of the other family only until it found the first
 * one of a bucket (net/ipv4/ping.c, ping_get_next): a file can have sockets of the other family, with an address of
 * zeros. A socket that is in both files belongs to the one where it has an address, and without one to `icmp`.
 */
export class ProcIcmpTables implements SocketSource {
  readonly #inet: ProcInetTable;
  readonly #inet6: ProcInetTable;
  readonly #wants: { inet: boolean; inet6: boolean };

  /** @param inet the whole file `icmp` @param inet6 the whole file `icmp6`; undefined for a kernel without it */
  constructor(inet: Uint8Array | undefined, inet6: Uint8Array | undefined, wants: { inet: boolean; inet6: boolean }) {
    this.#inet = new ProcInetTable(inet ?? new Uint8Array(), 'icmp', 'inet');
    this.#inet6 = new ProcInetTable(inet6 ?? new Uint8Array(), 'icmp', 'inet6');
    this.#wants = wants;
  }

  each(visit: (socket: SocketView) => void): void {
    const withAddress = { inet: new Set<number>(), inet6: new Set<number>() };
    const all = { inet: new Set<number>(), inet6: new Set<number>() };
    for (const family of ['inet', 'inet6'] as const) {
      this.#table(family).each((socket) => {
        all[family].add(socket.inode);
        if (hasAddress(socket)) withAddress[family].add(socket.inode);
      });
    }
    const isInet6 = (inode: number) =>
      all.inet6.has(inode) && (!all.inet.has(inode) || (withAddress.inet6.has(inode) && !withAddress.inet.has(inode)));
    for (const family of ['inet', 'inet6'] as const) {
      if (!this.#wants[family]) continue;
      this.#table(family).each((socket) => {
        if (isInet6(socket.inode) === (family === 'inet6')) visit(socket);
      });
    }
  }

  #table(family: 'inet' | 'inet6'): ProcInetTable {
    return family === 'inet' ? this.#inet : this.#inet6;
  }
}

function hasAddress(socket: SocketView): boolean {
  return ([0, 1, 2, 3] as const).some((index) => socket.localWord(index) !== 0 || socket.peerWord(index) !== 0);
}
