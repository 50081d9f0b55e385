import type { EndedConnection } from '../../model/ended.ts';
import { AddressBook } from '../../model/interned-address.ts';
import { RecordView } from '../../model/record-view.ts';
import type { RecordedEnd } from '../../model/recorded.ts';
import type { SocketRecord } from '../../model/socket-record.ts';
import type { TcpInfo } from '../../model/tcp-info.ts';
import { addressOf } from '../../recording/socket-changes.ts';
import type { EndedSocket } from '../ended-stream.ts';

const book = new AddressBook();

/** An ended connection of a recording, as it is told when it ends. */
export function endedFromRecording({ connection, remembered, state }: RecordedEnd): EndedSocket {
  return {
    socket: new RecordView().moveTo(recordOf(connection, state, remembered?.inode)),
    remembered,
    outcome: connection.outcome,
    atMs: connection.at.getTime(),
    role: connection.role,
    container: connection.container,
    connection: () => connection,
  };
}

function recordOf(ended: EndedConnection, state: number, inode: number | undefined): SocketRecord {
  const { proto, family, local, peer, cookie, bytesSent, bytesReceived, rttUs, retransmits } = ended;
  const info: TcpInfo = {
    ...(bytesSent !== undefined && { bytesSent }),
    ...(bytesReceived !== undefined && { bytesReceived }),
    ...(rttUs !== undefined && { rttUs }),
    ...(retransmits !== undefined && { totalRetrans: retransmits }),
  };
  return {
    ...{ proto, family, state, info },
    ...{ local: addressOf(book, local.address), localPort: local.port },
    ...{ peer: addressOf(book, peer.address), peerPort: peer.port },
    ...{ receiveQueue: 0, sendQueue: 0, uid: 0, inode: inode ?? 0, cookie: Number.parseInt(cookie, 16) },
    ...{ timer: 0, timerExpiresMs: 0, retransmits: 0, interfaceIndex: 0, unixType: 0, peerInode: 0 },
    firstSeenMs: ended.at.getTime() - ended.lifetime.atLeastMs,
  };
}
