import { plural } from '../../base/plural.ts';
import { containersNamed } from '../../collect/containers/containers-named.ts';
import { fullest } from '../../count/fullest-process.ts';
import type { KnownFields } from '../../filter/known-fields.ts';
import type { Filter } from '../../filter/syntax.ts';
import { Failure } from '../../model/failure.ts';
import type { Names } from '../../model/names.ts';
import { OUTSIDE } from '../../model/netns/attribution.ts';
import { isShared } from '../../model/netns/sharing.ts';
import type { Target } from '../../model/netns/target.ts';
import type { DescriptorUse } from '../../model/report/overview.ts';
import type { SocketsHeader } from '../../model/sample/coverage.ts';
import { countedSockets, isOtherProto, type SocketQuery } from '../../model/socket/socket-query.ts';
import type { SocketProcess } from '../../model/socket/socket-row.ts';
import { canBeHeld, isInet, type Proto, type SocketSource, type SocketView } from '../../model/socket/socket-view.ts';
import { StoredSocket } from '../../model/socket/stored-socket.ts';
import { stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';
import type { NetnsTick, SocketSnapshot, Tick } from '../sample-source.ts';
import { snapshotAttribution } from '../scope/snapshot-attribution.ts';
import type {
  NetnsSnapshot,
  Residents,
  SnapshotFilter,
  SocketAttribution,
  SocketOwners,
  SocketsRead,
  SocketsToCount,
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
      containers: containers.map((container) => ({
        ...containerTarget(container, netns),
        ...(container.runtimeName !== undefined && { runtimeName: container.runtimeName }),
        ...(container.pod !== undefined && { pod: container.pod }),
        labels: container.labels,
      })),
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

  async read(query: SocketQuery): Promise<SocketsRead> {
    const { sockets } = this.#required();
    return {
      ...this.#header(query),
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

  async readToCount(withOthers: boolean): Promise<SocketsToCount> {
    const { sockstat } = this.#namespace;
    return { ...(await this.read(countedSockets(sockstat !== undefined, withOthers))), sockstat };
  }

  async stream(query: SocketQuery, visit: (socket: SocketView) => void): Promise<SocketsHeader> {
    (await this.read(query)).sockets.each(visit);
    return this.#header(query);
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
      processesOf: (inode) => holders.get(inode) ?? [],
      gapIn: (sockets) => notRecorded(sockets, holders),
    };
  }

  async attribution(): Promise<SocketAttribution> {
    const idOf = new Map(this.#namespace.namespace.containers.map(({ name, id }) => [name, id]));
    const attributionOf = snapshotAttribution(this.#required());
    return {
      of(socket) {
        const found = attributionOf(socket);
        if (found === undefined || found.owner === OUTSIDE) return found;
        const owner = idOf.get(found.owner);
        return owner === undefined ? undefined : { ...found, owner };
      },
      owners: this.owners(),
      unreadable: new Set(),
    };
  }

  deviceName(index: number): string | undefined {
    return this.#source.devices(this.#namespace.namespace).get(index);
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

  #header({ protos, mayLack = [] }: SocketQuery): SocketsHeader {
    const snapshot = this.#required();
    const seen = new Set<Proto>();
    snapshot.sockets.each(({ proto }) => {
      seen.add(proto);
    });
    return {
      takenAt: new Date(snapshot.takenAtMs),
      source: snapshot.source,
      sources: Object.fromEntries(
        protos
          .filter((proto) => seen.has(proto) || (isOtherProto(proto) && snapshot.sources?.[proto]))
          .map((proto) => [proto, snapshot.sources?.[proto] ?? snapshot.source]),
      ),
      coverage: recordedCoverage(snapshot, this.#tick.atMs, protos, mayLack),
    };
  }

  #timeWaitLeftOut(): boolean {
    return (this.#required().withoutStates & stateMask(TCP_STATE.TIME_WAIT)) !== 0;
  }
}

function isWanted({ proto, family, state }: SocketView, query: SocketQuery): boolean {
  if (!query.protos.includes(proto) || (query.states & (1 << state)) === 0) return false;
  return !isInet(family) || (family === 'inet' ? query.inet : query.inet6);
}

function notRecorded(sockets: SocketSource, holders: ReadonlyMap<number, unknown>): string | undefined {
  let count = 0;
  sockets.each((socket) => {
    if (canBeHeld(socket) && !holders.has(socket.inode)) count++;
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
  /** Only internet sockets of sock_diag have it with their TCP information alone. */
  override drops(): number | undefined {
    return isOtherProto(this.proto) ? super.drops() : undefined;
  }
}

const plainView = new PlainView();

function withoutInfo(socket: SocketView): SocketView {
  return socket instanceof StoredSocket ? plainView.moveToThatOf(socket) : socket;
}
