/** include/linux/socket.h: address families. */
export const AF = { UNIX: 1, NETLINK: 16 } as const;

/** include/linux/net.h: types of sockets, and the flags that go with them (the same on x86-64 and arm64). */
export const SOCK = { STREAM: 1, RAW: 3, NONBLOCK: 0o4000, CLOEXEC: 0o2000000 } as const;

/** include/uapi/asm-generic/socket.h: level of the options of all sockets. */
export const SOL_SOCKET = 1;

/**
 * include/uapi/asm-generic/socket.h: options of SOL_SOCKET. The timeouts are those with the kernel's long `struct
 * timeval`.
 */
export const SO = { RCVBUF: 8, PEERCRED: 17, RCVTIMEO: 20, SNDTIMEO: 21, RCVBUFFORCE: 33 } as const;
