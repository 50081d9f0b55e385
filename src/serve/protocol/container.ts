/** What `serve` answers about one row. Types only, as in `protocol.ts`. */
import type { Fix } from '../../model/finding/finding.ts';
import type { ConnectionEnds } from '../../model/report/connection-ends.ts';
import type { SocketRow } from '../../model/socket/socket-row.ts';
import type { CeilingKind, ContainerRow, ListeningPort, ProtocolVersion } from '../protocol.ts';

/** A limit of the main process of a container, or `pids` of all of its processes. */
export interface ContainerLimit {
  /** `nofile`. */
  name: string;
  title: string;
  used?: number;
  soft: number | null;
  hard: number | null;
  declared?: { soft: number | null; hard: number | null };
  /** Who set it: `the Engine (HostConfig.Ulimits)`, `inherited from containerd-shim-runc-v2`. */
  setBy: string;
}

/** Connections to one peer, or from it to one local port, now. */
export interface PoolLane {
  id: string;
  proto: string;
  /** Absent for listening and unconnected sockets. */
  address?: string;
  name?: string;
  port: number;
  service?: string;
  direction: 'in' | 'out';
  /** Open connections: those in TIME_WAIT are in {@link byState} alone. */
  count: number;
  /** Highest number within the last minute. */
  peak: number;
  /** Established ones without data for some seconds; absent where the source does not tell. */
  idle?: number;
  byState: Readonly<Record<string, number>>;
  /** Connections that the server, a database, took and refused in the last interval; absent for none. */
  refusedPerSecond?: number;
  /** What it cannot exceed, and how that is known; absent where it is not. */
  ceiling?: { count: number; kind: CeilingKind; what: string };
}

/** Sockets in TIME_WAIT that connections with one peer left. */
export interface TimeWaitPeer {
  address: string;
  name?: string;
  /** Of the peer for `out`, the local one for `in`. */
  port: number;
  service?: string;
  direction: 'in' | 'out';
  count: number;
}

/** A present socket, as `ls --json` prints it, with its peer as a name. */
export type PresentSocket = SocketRow;

/** `GET /api/v1/container?name=NAME&filter=FILTER&limits=0`, and the event `container` of a stream that was opened with it. */
export interface ContainerAnswer {
  protocol: ProtocolVersion;
  atMs: number;
  row: ContainerRow;
  listeners: readonly ListeningPort[];
  lanes: readonly PoolLane[];
  /** Absent before the second tick, and where events are not received. */
  ends?: ConnectionEnds;
  /**
   * Those with most first, at most 50. Absent where the last snapshot left TIME_WAIT out, as those of the background do:
   * a stream of the container has it.
   */
  timeWait?: readonly TimeWaitPeer[];
  /** How many local ports connections to one peer can have; absent before the doctor has judged. */
  localPorts?: number;
  /** `net.core.somaxconn` of its network namespace, which no accept queue exceeds; absent as {@link localPorts}, and where it cannot be read. */
  somaxconn?: number;
  /** Absent in the stream and with `limits=0`: they rarely change. */
  limits?: {
    limits: readonly ContainerLimit[];
    /** How they are set here for good: file or shell, and the block to paste. */
    fixes: readonly Fix[];
    remarks: readonly string[];
  };
  /** Those that match the filter, at most {@link maxSockets}; absent in the stream. */
  sockets?: readonly PresentSocket[];
  /** How many match. */
  matching?: number;
  maxSockets?: number;
}
