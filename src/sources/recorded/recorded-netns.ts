import { plural } from '../../base/plural.ts';
import { containersNamed } from '../../collect/containers/containers-named.ts';
import { fullest } from '../../count/fullest-process.ts';
import { isShared } from '../../count/sharing.ts';
import type { KnownFields } from '../../filter/known-fields.ts';
import type { Filter } from '../../filter/syntax.ts';
import { Failure } from '../../model/failure.ts';
import type { Names } from '../../model/names.ts';
import type { Sockstat } from '../../model/netns/counters.ts';
import type { Target } from '../../model/netns/target.ts';
import type { DescriptorUse } from '../../model/report/overview.ts';
import type { SocketsHeader } from '../../model/sample/coverage.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import type { SocketProcess } from '../../model/socket/socket-row.ts';
import type { Proto, SocketSource, SocketView } from '../../model/socket/socket-view.ts';
import { StoredSocket } from '../../model/socket/stored-socket.ts';
import { stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';
import { TIMER } from '../../model/socket/timers.ts';
import type { NetnsTick, SocketSnapshot, Tick } from '../sample-source.ts';
import {
  type NetnsSnapshot,
  OUTSIDE,
  type Residents,
  type SnapshotFilter,
  type SocketAttribution,
  type SocketOwners,
  type SocketsRead,
} from '../snapshot.ts';
import { recordedCoverage } from './recorded-coverage.ts';
import type { RecordedSource } from './recorded-source.ts';
import { containerTarget } from './recorded-target.ts';

/** A network namespace in a recording at one moment. */
export class RecordedNetns implements NetnsSnapshot {
  readonly target: Target;
  readonly knownFields: KnownFields;
  readonly #source: RecordedSource;
  readonly #tick: Tick;
  readonly #namespace: NetnsTick;
  readonly #snapshot: SocketSnapshot | undefined;

  /**
   * @param namespace the sample of the namespace at the moment
   * @param snapshot its last snapshot up to then; undefined where there is none
   */
  constructor(
    source: RecordedSource,
    tick: Tick,
    namespace: NetnsTick,
    snapshot: SocketSnapshot | undefined,
    target: Target,
  ) {
    this.#source = source;
    this.knownFields = source.knowledge.snapshots;
    this.#tick = tick;
    this.#namespace = namespace;
    this.#snapshot = snapshot;
    this.target = target;
  }

  async residents(): Promise<Residents> {
    const { containers, host, netns } = this.#namespace.namespace;
    return {
      containers: containers.map((container) => containerTarget(container, netns)),
      isHost: host,
      shared: isShared({ containers, host }),
    };
  }

  async names(): Promise<Names> {
    return this.#tick.names;
  }

  async bind(filter: Filter): Promise<SnapshotFilter | undefined> {
    const bound = await this.#source.bind(this.#namespace.namespace, filter);
    const { containers } = this.#tick;
    return (
      bound && {
        ...bound,
        containersNamed: (word) => new Set(containersNamed(containers, word).map(({ name }) => name)),
      }
    );
  }

  read(query: SocketQuery): SocketsRead {
    const { sockets } = this.#required();
    return {
      ...this.#header(query.protos),
      sockets: {
        each(visit) {
          sockets.each((socket) => {
            if (isWanted(socket, query)) visit(query.tcpInfo ? socket : withoutInfo(socket));
          });
        },
      },
      timeWaitLeftOut: this.#timeWaitLeftOut(),
    };
  }

  stream(query: SocketQuery, visit: (socket: SocketView) => void): SocketsHeader {
    this.read(query).sockets.each(visit);
    return this.#header(query.protos);
  }

  owners(): SocketOwners {
    const holders = new Map<number, SocketProcess[]>();
    const snapshot = this.#required();
    snapshot.sockets.each((socket) => {
      const those = snapshot.holdersOf(socket);
      if (those.length > 0 && socket.inode !== 0) holders.set(socket.inode, [...those]);
    });
    return {
      of: (inode) => holders.get(inode) ?? [],
      gapIn: (sockets) => notRecorded(sockets, holders),
    };
  }

  async attribution(): Promise<SocketAttribution> {
    const snapshot = this.#required();
    const ids = new Map(this.#namespace.namespace.containers.map(({ name, id }) => [name, id]));
    return {
      of(socket) {
        // Entries are recorded with the owner that was remembered; a live snapshot does not report it.
        if (isEntry(socket)) return undefined;
        const id = ids.get(snapshot.containerOf(socket) ?? '');
        if (id !== undefined) return id;
        return socket.inode !== 0 && snapshot.holdersOf(socket).length > 0 ? OUTSIDE : undefined;
      },
      owners: this.owners(),
      unreadable: new Set(),
    };
  }

  sockstat(): Sockstat | undefined {
    return this.#namespace.sockstat;
  }

  async fullestProcess(of: string): Promise<DescriptorUse | undefined> {
    const name = this.#namespace.namespace.containers.find(({ id }) => id === of)?.name;
    if (name === undefined && of !== OUTSIDE) return undefined;
    return fullest((this.#namespace.processes ?? []).filter(({ container }) => container === name));
  }

  /** The last snapshot. @throws {Failure} `no-target` where there is none */
  #required(): SocketSnapshot {
    if (this.#snapshot !== undefined) return this.#snapshot;
    throw new Failure('no-target', `${this.target.name}: its sockets were not recorded up to that time`);
  }

  #header(protos: readonly Proto[]): SocketsHeader {
    const snapshot = this.#required();
    const seen = new Set<Proto>();
    snapshot.sockets.each(({ proto }) => {
      seen.add(proto);
    });
    return {
      takenAt: new Date(snapshot.takenAtMs),
      source: snapshot.source,
      sources: Object.fromEntries(
        protos.filter((proto) => seen.has(proto)).map((proto) => [proto, snapshot.sources?.[proto] ?? snapshot.source]),
      ),
      coverage: recordedCoverage(snapshot, this.#tick.atMs, protos),
    };
  }

  #timeWaitLeftOut(): boolean {
    return (this.#required().withoutStates & stateMask(TCP_STATE.TIME_WAIT)) !== 0;
  }
}

function isWanted({ proto, family, state }: SocketView, query: SocketQuery): boolean {
  if (!query.protos.includes(proto) || (query.states & (1 << state)) === 0) return false;
  return family === 'unix' || (family === 'inet' ? query.inet : query.inet6);
}

/** Whether it is an entry without a socket: TIME_WAIT, FIN_WAIT2 that its process has closed, half-open. */
function isEntry({ timer, state }: SocketView): boolean {
  return timer === TIMER.TIME_WAIT || state === TCP_STATE.SYN_RECV || state === TCP_STATE.NEW_SYN_RECV;
}

function notRecorded(sockets: SocketSource, holders: ReadonlyMap<number, unknown>): string | undefined {
  let count = 0;
  sockets.each(({ inode }) => {
    if (inode !== 0 && !holders.has(inode)) count++;
  });
  return count === 0 ? undefined : `${plural(count, 'socket')}: owner not recorded`;
}

/** A socket without the kernel's TCP information, which is recorded whether or not a query asks for it. */
class PlainView extends StoredSocket {
  override tcpInfo(): undefined {
    return undefined;
  }
  override tcpInfoNumber(): undefined {
    return undefined;
  }
  override drops(): undefined {
    return undefined;
  }
}

const plainView = new PlainView();

function withoutInfo(socket: SocketView): SocketView {
  return socket instanceof StoredSocket ? plainView.moveToThatOf(socket) : socket;
}
