/** UDP, RAW and MPTCP sockets. Each recipe returns ports and inodes as they were made. */
import { AF, IPPROTO, SOCK } from './constants.ts';
import type { Expected, RecipeContext } from './recipe-context.ts';
import { familyOf } from './sockaddr.ts';

/** A UDP socket that receives from anyone, on IPv4 or IPv6. */
export async function udpUnconnected({ workshop }: RecipeContext, host = '127.0.0.1'): Promise<Expected> {
  const fd = await workshop.socket(familyOf(host), SOCK.DGRAM);
  await workshop.bind(fd, { host, port: 0 });
  return {
    what: `UDP on ${host}`,
    state: 'UNCONN',
    family: host.includes(':') ? 'inet6' : 'inet',
    peerPort: 0,
    localPort: await workshop.port(fd),
    inode: await workshop.inode(fd),
  };
}

/** A UDP socket that has a peer. */
export async function udpConnected(context: RecipeContext, host = '127.0.0.1'): Promise<Expected> {
  const { workshop } = context;
  const server = await udpUnconnected(context, host);
  const fd = await workshop.socket(familyOf(host), SOCK.DGRAM);
  await workshop.connect(fd, { host, port: server.localPort });
  return {
    what: `connected UDP on ${host}`,
    state: 'ESTAB',
    family: server.family,
    peerPort: server.localPort,
    localPort: await workshop.port(fd),
    inode: await workshop.inode(fd),
  };
}

/** A UDP socket with `count` unread datagrams of `bytes`. */
export async function udpUnread(context: RecipeContext, count = 5, bytes = 500): Promise<Expected> {
  const { workshop } = context;
  const server = await udpUnconnected(context);
  const fd = await workshop.socket(AF.INET, SOCK.DGRAM);
  await workshop.connect(fd, { host: '127.0.0.1', port: server.localPort });
  for (let index = 0; index < count; index++) await workshop.send(fd, bytes);
  return { ...server, what: 'unread datagrams' };
}

/** RAW sockets for ICMP, and for ICMPv6: the port column shows the protocol number. */
export async function raw({ workshop }: RecipeContext): Promise<Expected[]> {
  const v4 = await workshop.socket(AF.INET, SOCK.RAW, IPPROTO.ICMP);
  const v6 = await workshop.socket(AF.INET6, SOCK.RAW, IPPROTO.ICMPV6);
  const row = { state: 'UNCONN', peerPort: 0 };
  return [
    { ...row, what: 'RAW ICMP', family: 'inet', localPort: IPPROTO.ICMP, inode: await workshop.inode(v4) },
    { ...row, what: 'RAW ICMPv6', family: 'inet6', localPort: IPPROTO.ICMPV6, inode: await workshop.inode(v6) },
  ];
}

/**
 * An MPTCP listener that accepts nothing, and connections to it: of each, the server's end has no inode, neither as an
 * MPTCP socket nor as its TCP subflow. Errors as {@link mptcp}.
 */
export async function mptcpUnaccepted({ workshop }: RecipeContext, host: string, count: number): Promise<void> {
  const open = () => workshop.socket(familyOf(host), SOCK.STREAM, IPPROTO.MPTCP);
  const fd = await open();
  await workshop.bind(fd, { host, port: 0 });
  await workshop.listen(fd, 16);
  const port = await workshop.port(fd);
  for (let index = 0; index < count; index++) await workshop.connect(await open(), { host, port });
}

/**
 * An MPTCP listener and a connection to it, both ends; each has a TCP subflow of the same inode.
 * The error's code is EPROTONOSUPPORT or ENOPROTOOPT where the kernel has no MPTCP.
 */
export async function mptcp({ workshop }: RecipeContext, host = '127.0.0.1'): Promise<Expected[]> {
  const open = () => workshop.socket(familyOf(host), SOCK.STREAM, IPPROTO.MPTCP);
  const fd = await open();
  await workshop.bind(fd, { host, port: 0 });
  await workshop.listen(fd, 16);
  const port = await workshop.port(fd);
  const client = await open();
  await workshop.connect(client, { host, port });
  const server = await workshop.accept(fd);
  const clientPort = await workshop.port(client);
  const family = host.includes(':') ? 'inet6' : 'inet';
  const inode = (which: number) => workshop.inode(which);
  return [
    { what: 'MPTCP listener', state: 'LISTEN', family, localPort: port, peerPort: 0, inode: await inode(fd) },
    { what: 'MPTCP client', state: 'ESTAB', family, inode: await inode(client), localPort: clientPort, peerPort: port },
    { what: 'MPTCP server', state: 'ESTAB', family, inode: await inode(server), localPort: port, peerPort: clientPort },
  ];
}
