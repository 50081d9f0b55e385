import type { PacketEventKind } from '../socket/packet-event.ts';

/**
 * Counts of the packet events with the same endpoints between two samples: there can be tens of thousands per second.
 * One side is whole; of the other the port differs with each connection, and is 0.
 */
export interface PacketGroup {
  kind: PacketEventKind;
  proto: 'tcp' | 'udp';
  /** As the kernel calls it; absent where there is none. */
  reason?: string;
  /** Textual addresses; IPv4-mapped ones as plain IPv4. */
  localAddress: string;
  /** Of a server, of a port where nobody listens, and of the receiver of a datagram; else 0. */
  localPort: number;
  peerAddress: string;
  /** Of the server that a client talks to; else 0. */
  peerPort: number;
  /** True for retransmitted connection requests. */
  isRequest: boolean;
  count: number;
  /** Segments of retransmissions; 0 for others. */
  segments: number;
}
