/**
 * True where the machine stores the least significant byte first. Netlink integers are in the
 * host's byte order, except ports and addresses, which are in network byte order.
 */
export const HOST_LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
