import type { EndedConnection, Outcome, Remembered } from '../../model/ended.ts';
import { RecordView } from '../../model/record-view.ts';
import type { SocketRecord } from '../../model/socket-record.ts';
import type { SocketView } from '../../model/socket-view.ts';
import type { TcpInfo } from '../../model/tcp-info.ts';
import type { EndedRow } from '../../recording/ended-rows.ts';
import { KeptAddresses } from '../../recording/kept-addresses.ts';
import type { EndedSocket } from '../ended-stream.ts';

const addresses = new KeptAddresses();

/** An ended connection of a recording, as it is told when it ends. It stays valid. */
export class RecordedEnded implements EndedSocket {
  readonly #row: EndedRow;
  #socket: SocketView | undefined;

  constructor(row: EndedRow) {
    this.#row = row;
  }

  get proto() {
    return this.#row.proto;
  }
  get socket(): SocketView {
    this.#socket ??= new RecordView().moveTo(recordOf(this.#row));
    return this.#socket;
  }
  get remembered(): Remembered | undefined {
    return this.#row.remembered;
  }
  get outcome(): Outcome {
    return this.#row.outcome;
  }
  get atMs(): number {
    return this.#row.atMs;
  }
  get role(): 'client' | 'server' | undefined {
    return this.#row.role;
  }
  get container(): string | undefined {
    return this.#row.container;
  }
  connection(): EndedConnection {
    return this.#row.connection;
  }
}

function recordOf({ connection, state, remembered }: EndedRow): SocketRecord {
  const { proto, family, local, peer, cookie, bytesSent, bytesReceived, rttUs, retransmits } = connection;
  const info: TcpInfo = {};
  if (bytesSent !== undefined) info.bytesSent = bytesSent;
  if (bytesReceived !== undefined) info.bytesReceived = bytesReceived;
  if (rttUs !== undefined) info.rttUs = rttUs;
  if (retransmits !== undefined) info.totalRetrans = retransmits;
  return {
    ...{ proto, family, state, info },
    ...{ local: addresses.of(local.address), localPort: local.port },
    ...{ peer: addresses.of(peer.address), peerPort: peer.port },
    ...{ receiveQueue: 0, sendQueue: 0, uid: 0, inode: remembered?.inode ?? 0, cookie: Number.parseInt(cookie, 16) },
    ...{ timer: 0, timerExpiresMs: 0, retransmits: 0, interfaceIndex: 0, unixType: 0, peerInode: 0 },
    firstSeenMs: connection.at.getTime() - connection.lifetime.atLeastMs,
  };
}
