/*
 * A packet of MySQL's protocol:
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-----------------------------------------------+---------------+
 * |        length of the payload, low byte first  |   sequence    |
 * +-----------------------------------------------+---------------+
 *
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html
 */
const HEADER_SIZE = 4;

/** A packet with this payload. @param sequence number of the packet in the exchange, from 0 */
export function packet(sequence: number, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_SIZE + payload.length);
  bytes.writeUIntLE(payload.length, 0, 3);
  bytes[3] = sequence;
  payload.copy(bytes, HEADER_SIZE);
  return bytes;
}

/** Splits a stream of bytes into packets. */
export class PacketReader {
  #rest: Buffer = Buffer.alloc(0);

  /** Takes the next bytes. @returns the complete packets, in order */
  read(bytes: Buffer): { sequence: number; payload: Buffer }[] {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const packets = [];
    let at = 0;
    while (all.length - at >= HEADER_SIZE) {
      const end = at + HEADER_SIZE + all.readUIntLE(at, 3);
      if (end > all.length) break;
      packets.push({ sequence: all[at + 3] ?? 0, payload: all.subarray(at + HEADER_SIZE, end) });
      at = end;
    }
    this.#rest = all.subarray(at);
    return packets;
  }
}
