/** Four bytes of an address of a record, as `SocketView.localWord` has them. @param addresses 16 bytes for each record */
export function addressWord(addresses: Uint8Array, row: number, index: number): number {
  const at = row * 16 + index * 4;
  const byte = (offset: number) => addresses[at + offset] ?? 0;
  return ((byte(0) << 24) | (byte(1) << 16) | (byte(2) << 8) | byte(3)) >>> 0;
}
