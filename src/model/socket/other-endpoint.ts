import type { SocketView } from './socket-view.ts';

/** Names of netlink families, `nl_protos` of iproute2, by their numbers in include/uapi/linux/netlink.h. */
const NETLINK_FAMILIES: Readonly<Record<number, string>> = {
  0: 'rtnl',
  1: 'unused',
  2: 'usersock',
  3: 'fw',
  4: 'tcpdiag',
  5: 'nflog',
  6: 'xfrm',
  7: 'selinux',
  8: 'iscsi',
  9: 'audit',
  10: 'fiblookup',
  11: 'connector',
  12: 'nft',
  13: 'ip6fw',
  14: 'dec-rt',
  15: 'uevent',
  16: 'genl',
  18: 'scsi-trans',
  19: 'ecryptfs',
  20: 'rdma',
  21: 'crypto',
};

/** Names of Ethernet protocols, lib/ll_proto.c of iproute2, by their numbers in include/uapi/linux/if_ether.h. */
const ETHERNET_PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [0x0001, '802_3'],
  [0x0002, 'ax25'],
  [0x0004, '802_2'],
  [0x0005, 'snap'],
  [0x000c, 'can'],
  [0x0060, 'loop'],
  [0x0800, 'ip'],
  [0x0806, 'arp'],
  [0x8035, 'rarp'],
  [0x809b, 'atalk'],
  [0x80f3, 'aarp'],
  [0x8100, '802.1Q'],
  [0x8137, 'ipx'],
  [0x86dd, 'ipv6'],
  [0x8847, 'mpls_uc'],
  [0x8848, 'mpls_mc'],
  [0x8863, 'ppp_disc'],
  [0x8864, 'ppp_ses'],
  [0x88a2, 'aoe'],
  [0x88a8, '802.1ad'],
  [0x88ca, 'tipc'],
  [0x88cc, 'LLDP'],
]);

/** `ETH_P_ALL`: packets of every protocol. */
const ALL_PROTOCOLS = 3;

/** The CID and the port of vsock that stand for any: `VMADDR_CID_ANY`, `VMADDR_PORT_ANY`. */
export const VSOCK_ANY = 0xffffffff;

/** The name of a packet socket's Ethernet protocol or of a netlink family, as ss prints it; undefined where it has none. */
export function protocolName({ proto, protocol }: SocketView): string | undefined {
  if (proto === 'netlink') return NETLINK_FAMILIES[protocol];
  if (proto !== 'packet') return undefined;
  return protocol === ALL_PROTOCOLS ? 'all' : ETHERNET_PROTOCOLS.get(protocol);
}

/** The multicast groups of a netlink socket by their numbers, ascending; empty for none. */
export function groupNumbers(socket: SocketView): number[] {
  const numbers: number[] = [];
  let group = 1;
  for (let bits = socket.groups() ?? 0n; bits !== 0n; bits >>= 1n, group++) if ((bits & 1n) !== 0n) numbers.push(group);
  return numbers;
}

/**
 * The local address of a packet, netlink or vsock socket as ss prints it: `arp:eth0`, `rtnl:4711`, `3:1024`; `*` for
 * any. netlink: port id 0 is `kernel`, though a socket of a process that is not bound has it too.
 *
 * @param deviceName names an interface by its index
 */
export function otherLocal(socket: SocketView, deviceName: (index: number) => string): string {
  const { protocol } = socket;
  switch (socket.proto) {
    case 'packet': {
      const { interfaceIndex } = socket;
      const name = protocol === ALL_PROTOCOLS ? '*' : (protocolName(socket) ?? `[${protocol}]`);
      return `${name}:${interfaceIndex ? deviceName(interfaceIndex) : '*'}`;
    }
    case 'netlink':
      return `${protocolName(socket) ?? protocol}:${socket.localPort === 0 ? 'kernel' : socket.localPort}`;
    case 'vsock':
      return `${orAny(socket.localWord(0))}:${orAny(socket.localPort)}`;
    default:
      return '';
  }
}

/** As {@link otherLocal}, the peer: `GROUP:PORTID` of a netlink socket that is connected; undefined for none. */
export function otherPeer(socket: SocketView): string | undefined {
  switch (socket.proto) {
    case 'netlink':
      return socket.peerWord(0) === 0 && socket.peerPort === 0 ? undefined : `${socket.peerWord(0)}:${socket.peerPort}`;
    case 'vsock':
      return `${orAny(socket.peerWord(0))}:${orAny(socket.peerPort)}`;
    default:
      return undefined;
  }
}

function orAny(number: number): string {
  return number === VSOCK_ANY ? '*' : String(number);
}
