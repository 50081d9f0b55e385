import type { KnownFields } from '../../filter/known-fields.ts';
import type { Filter } from '../../filter/syntax.ts';
import type { Names } from '../../model/names.ts';
import type { Scope } from '../../model/netns/scope.ts';
import type { Target } from '../../model/netns/target.ts';
import type { DescriptorUse } from '../../model/report/overview.ts';
import type { SocketsHeader } from '../../model/sample/coverage.ts';
import { countedSockets, type SocketQuery } from '../../model/socket/socket-query.ts';
import type { SocketSource, SocketView } from '../../model/socket/socket-view.ts';
import type {
  NetnsSnapshot,
  Residents,
  SnapshotFilter,
  SocketAttribution,
  SocketOwners,
  SocketsRead,
  SocketsToCount,
} from '../snapshot.ts';
import { HiddenOwners } from './hidden-owners.ts';

/** The part of a namespace that a scope means; the namespace itself where it means all of it. */
export function scopedNetns(netns: NetnsSnapshot, scope: Scope): NetnsSnapshot {
  return scope === undefined ? netns : new ScopedNetns(netns, scope);
}

/** A namespace of which only the sockets of some containers exist. */
class ScopedNetns implements NetnsSnapshot {
  readonly scope: readonly string[];
  readonly #netns: NetnsSnapshot;
  /** Owners that were found for a reading: those who ask again do not have them searched twice. */
  readonly #attributions = new WeakMap<SocketSource, SocketAttribution>();

  constructor(netns: NetnsSnapshot, scope: readonly string[]) {
    this.#netns = netns;
    this.scope = scope;
  }

  get target(): Target {
    return this.#netns.target;
  }

  get knownFields(): KnownFields {
    return this.#netns.knownFields;
  }

  async residents(): Promise<Residents> {
    return this.#netns.residents();
  }

  async names(): Promise<Names> {
    return this.#netns.names();
  }

  async bind(filter: Filter): Promise<SnapshotFilter | undefined> {
    return this.#netns.bind(filter);
  }

  /** @throws {Failure} also `not-permitted` where no process of its containers may be read */
  async read(query: SocketQuery): Promise<SocketsRead> {
    const read = await this.#netns.read(query);
    const attribution = await this.#netns.attribution(read.sockets);
    const { scope } = this;
    const { deniedNote } = attribution.owners;
    if (deniedNote !== undefined && scope.every((id) => attribution.unreadable.has(id)))
      throw new HiddenOwners([this.target.name], deniedNote);
    const sockets: SocketSource = {
      each(visit) {
        read.sockets.each((socket) => {
          const owner = attribution.of(socket)?.owner;
          if (owner !== undefined && scope.includes(owner)) visit(socket);
        });
      },
    };
    this.#attributions.set(sockets, attribution);
    // A socket whose holder may not be read is left out, although it may be of the scope.
    if (deniedNote !== undefined) {
      read.coverage.complete = false;
      if (!read.coverage.notes.includes(deniedNote)) read.coverage.notes.push(deniedNote);
    }
    return { ...read, sockets };
  }

  /** The kernel counts the sockets of all. */
  async readToCount(withOthers: boolean): Promise<SocketsToCount> {
    return { ...(await this.read(countedSockets(false, withOthers))), sockstat: undefined };
  }

  /** Owners are known when all sockets have arrived: they are stored. */
  async stream(query: SocketQuery, visit: (socket: SocketView) => void): Promise<SocketsHeader> {
    const { sockets, ...header } = await this.read(query);
    sockets.each(visit);
    return header;
  }

  owners(sockets: SocketSource): SocketOwners {
    return this.#netns.owners(sockets);
  }

  async attribution(sockets: SocketSource): Promise<SocketAttribution> {
    return this.#attributions.get(sockets) ?? (await this.#netns.attribution(sockets));
  }

  deviceName(index: number): string | undefined {
    return this.#netns.deviceName(index);
  }

  get autobound(): NetnsSnapshot['autobound'] {
    const { autobound } = this.#netns;
    return autobound?.bind(this.#netns);
  }

  async fullestProcess(of: string): Promise<DescriptorUse | undefined> {
    return this.#netns.fullestProcess(of);
  }
}
