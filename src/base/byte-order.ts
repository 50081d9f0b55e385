/**
 * True where the machine stores the least significant byte first. Netlink integers are in the
 * host's byte order, except ports and addresses, which are in network byte order.
 */
export const HOST_LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** Converts a 32-bit word from network to host byte order: the kernel's `ntohl`. */
export function networkWord(word: number): number {
  if (!HOST_LITTLE_ENDIAN) return word >>> 0;
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

/** A view of exactly the bytes of an array, which can be a part of a larger buffer. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
