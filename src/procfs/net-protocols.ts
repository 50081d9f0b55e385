/**
 * Sockets of a network namespace by protocol, of `/proc/net/protocols` (net/core/sock.c, proto_seq_printf):
 *
 *     protocol  size sockets  memory press maxhdr  slab module     cl co di ac io in de sh ss gs se re bi br ha uh gp em
 *     NETLINK   1096      0      -1   NI       0   no   kernel      n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n
 *
 * A protocol that the kernel does not have is absent. The kernel's own netlink sockets and those of vsock are not
 * counted.
 */
export function parseNetProtocols(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, name, count] = /^(\S+) +\d+ +(\d+) /.exec(line) ?? [];
    if (name !== undefined && count !== undefined) counts.set(name, Number(count));
  }
  return counts;
}
