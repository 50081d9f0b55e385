import type { Family, Proto, SocketView } from './socket-view.ts';
import type { TcpInfo, TcpInfoNumber } from './tcp-info.ts';

/**
 * Base of views whose source has only the fields that the subclass defines. Every other field does not apply (0) or
 * is unknown (undefined), as `SocketView` documents.
 */
export abstract class BaseSocketView implements SocketView {
  abstract readonly proto: Proto;
  abstract readonly family: Family;
  abstract readonly state: number;
  abstract readonly inode: number;
  abstract readonly localPort: number;
  abstract readonly peerPort: number;
  abstract readonly receiveQueue: number | undefined;
  abstract readonly sendQueue: number | undefined;
  abstract readonly uid: number | undefined;

  get cookieLow(): number {
    return 0;
  }
  get cookieHigh(): number {
    return 0;
  }
  localWord(_index: 0 | 1 | 2 | 3): number {
    return 0;
  }
  peerWord(_index: 0 | 1 | 2 | 3): number {
    return 0;
  }
  get timer(): number | undefined {
    return undefined;
  }
  get timerExpiresMs(): number | undefined {
    return undefined;
  }
  get retransmits(): number | undefined {
    return undefined;
  }
  get interfaceIndex(): number | undefined {
    return undefined;
  }
  v6only(): boolean | undefined {
    return undefined;
  }
  cgroupId(): bigint | undefined {
    return undefined;
  }
  mark(): number | undefined {
    return undefined;
  }
  tcpInfo(): TcpInfo | undefined {
    return undefined;
  }
  tcpInfoNumber(_field: TcpInfoNumber): number | undefined {
    return undefined;
  }
  drops(): number | undefined {
    return undefined;
  }
  receiveBufferBytes(): number | undefined {
    return undefined;
  }
  receiveMemoryBytes(): number | undefined {
    return undefined;
  }
  get socketType(): number {
    return 0;
  }
  get protocol(): number {
    return 0;
  }
  groups(): bigint | undefined {
    return undefined;
  }
  unixName(): Uint8Array | undefined {
    return undefined;
  }
  get peerInode(): number {
    return 0;
  }
}

/** Base of views of sockets that have no IP address, port, timer or interface: these are known to be 0. */
export abstract class OtherSocketView extends BaseSocketView {
  get localPort(): number {
    return 0;
  }
  get peerPort(): number {
    return 0;
  }
  override get timer(): number {
    return 0;
  }
  override get timerExpiresMs(): number {
    return 0;
  }
  override get retransmits(): number {
    return 0;
  }
  override get interfaceIndex(): number {
    return 0;
  }
}

/** Base of views of UNIX sockets. */
export abstract class UnixSocketView extends OtherSocketView {
  override readonly proto = 'unix';
  override readonly family = 'unix';

  override localWord(): number {
    return 0;
  }
  override peerWord(): number {
    return 0;
  }
}
