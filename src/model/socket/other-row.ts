import { groupNumbers, protocolName, VSOCK_ANY } from './other-endpoint.ts';
import type { NetlinkSocketRow, PacketSocketRow, VsockEndpoint, VsockSocketRow } from './socket-row.ts';
import type { SocketView } from './socket-view.ts';

const TYPES = { 1: 'stream', 2: 'dgram', 3: 'raw', 5: 'seqpacket' } as const;

type Base<Row> = Omit<
  Row,
  'state' | 'receiveQueue' | 'sendQueue' | 'uid' | 'inode' | 'cookie' | 'container' | 'processes' | 'device'
>;

/** The fields that only a packet socket has. */
export function packetFields(socket: SocketView): Base<PacketSocketRow> {
  const name = protocolName(socket);
  const drops = socket.drops();
  return {
    proto: 'packet',
    family: 'packet',
    type: socket.socketType === 2 ? 'dgram' : 'raw',
    protocol: socket.protocol,
    ...(name !== undefined && { protocolName: name }),
    ...(drops !== undefined && { drops }),
  };
}

/** The fields that only a netlink socket has. */
export function netlinkFields(socket: SocketView): Base<NetlinkSocketRow> {
  const name = protocolName(socket);
  const drops = socket.drops();
  const connected = socket.peerPort !== 0 || socket.peerWord(0) !== 0;
  return {
    proto: 'netlink',
    family: 'netlink',
    protocol: socket.protocol,
    ...(name !== undefined && { protocolName: name }),
    portId: socket.localPort,
    groups: groupNumbers(socket),
    ...(connected && { peer: { portId: socket.peerPort, group: socket.peerWord(0) } }),
    ...(drops !== undefined && { drops }),
  };
}

/** The fields that only a vsock socket has. */
export function vsockFields(socket: SocketView): Base<VsockSocketRow> {
  return {
    proto: 'vsock',
    family: 'vsock',
    type: TYPES[socket.socketType as keyof typeof TYPES] ?? 'unknown',
    local: endpoint(socket.localWord(0), socket.localPort),
    peer: endpoint(socket.peerWord(0), socket.peerPort),
  };
}

function endpoint(cid: number, port: number): VsockEndpoint {
  return { cid: cid === VSOCK_ANY ? null : cid, port: port === VSOCK_ANY ? null : port };
}
