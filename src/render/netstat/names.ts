import type { SocketView } from '../../model/socket/socket-view.ts';

/** Names as netstat prints them, resolved before the rows are written. */
export interface NetstatNames {
  /**
   * Name of an address, or undefined for the number. IPv4-mapped addresses are looked up in their
   * IPv6 form, `::ffff:a.b.c.d`, as netstat does.
   */
  host(address: string): string | undefined;
  /** Service name; for `raw` the name of the IP protocol. */
  service(port: number, proto: 'tcp' | 'udp' | 'raw'): string | undefined;
  /** User name of a uid. */
  user(uid: number): string | undefined;
  /** `PID/name`, cut to 19 bytes, as raw bytes; undefined for `-`. */
  program(inode: number): Uint8Array | undefined;
}

/** Which side of a socket. */
export type Side = 'local' | 'peer';

/** One of the words of a side's address, see `SocketView.localWord`. */
export function wordOf(socket: SocketView, side: Side, index: 0 | 1 | 2 | 3): number {
  return side === 'local' ? socket.localWord(index) : socket.peerWord(index);
}
