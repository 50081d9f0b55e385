import type { StopSignal } from '../../base/stop-signal.ts';
import type { BoundFilter } from '../../filter/bound-filter.ts';
import type { Filter } from '../../filter/syntax.ts';
import type { NetCounters } from '../../model/netns/counters.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import { type EventCounts, type EventSource, noEvents } from '../../model/socket/connection-event.ts';
import type { PacketEvent, PacketEventKind } from '../../model/socket/packet-event.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import { stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';
import type { StackAnswer, WantedProcess } from '../../model/stack/stack-facts.ts';
import {
  allTo,
  type FilterKnowledge,
  type NetnsTick,
  type SampleSource,
  type SocketSnapshot,
  type SourceDetails,
  type Tick,
  type TickRequest,
} from '../sample-source.ts';

/** A source whose ticks have only what the scopes of their namespaces mean, live and recorded alike. */
export class ScopedSource implements SampleSource {
  readonly #source: SampleSource;
  /** Events of each scoped namespace since the last tick, by its inode. */
  #events = new Map<number, Required<EventCounts>>();
  /** Notes for the next tick, and the namespaces that have had theirs. */
  #notes: string[] = [];
  readonly #noted = new Set<number>();

  constructor(source: SampleSource) {
    this.#source = source;
  }

  get intervalMs(): number {
    return this.#source.intervalMs;
  }

  get startedAtMs(): number {
    return this.#source.startedAtMs;
  }

  get eventSource(): EventSource | undefined {
    return this.#source.eventSource;
  }

  get reportsHalfCloses(): boolean {
    return this.#source.reportsHalfCloses === true;
  }

  get packetKinds(): readonly PacketEventKind[] {
    return this.#source.packetKinds;
  }

  get whyMissing(): string | undefined {
    return this.#source.whyMissing;
  }

  get knowledge(): FilterKnowledge {
    return this.#source.knowledge;
  }

  async next(request: TickRequest, stop?: StopSignal): Promise<Tick | undefined> {
    const tick = await this.#source.next(this.#scoped(request), stop);
    if (tick === undefined) return undefined;
    const events = this.#events;
    this.#events = new Map();
    const namespaces = tick.namespaces.map((one) => scopedTick(one, events.get(one.namespace.netns) ?? noEvents()));
    const notes = this.#notes.length === 0 ? tick.notes : [...tick.notes, ...this.#notes.splice(0)];
    return { ...tick, notes, namespaces };
  }

  async bind(namespace: WatchedNetns, filter: Filter): Promise<BoundFilter | undefined> {
    return this.#source.bind(namespace, filter);
  }

  isNamed(container: string, wanted: string): boolean {
    return this.#source.isNamed(container, wanted);
  }

  sysctls(namespace: WatchedNetns): Readonly<Record<string, string>> {
    return this.#source.sysctls(namespace);
  }

  devices(namespace: WatchedNetns): ReadonlyMap<number, string> {
    return this.#source.devices(namespace);
  }

  async details(): Promise<SourceDetails> {
    return this.#source.details();
  }

  stacks(processes: readonly WantedProcess[]): StackAnswer {
    return this.#source.stacks(processes);
  }

  get tickNow(): SampleSource['tickNow'] {
    return this.#source.tickNow?.bind(this.#source);
  }

  get setInterval(): SampleSource['setInterval'] {
    return this.#source.setInterval?.bind(this.#source);
  }

  close(): void {
    this.#source.close();
  }

  /** A connection that no dump saw may be anybody's; that is said once. */
  #noteLeftOut({ netns, name }: WatchedNetns): void {
    if (this.#noted.has(netns)) return;
    this.#noted.add(netns);
    this.#notes.push(
      `${name}: shares its network namespace; connections whose container is not known are left out (--netns includes them)`,
    );
  }

  /** Whether the scope of a namespace has the socket of an event. */
  #isMeant(namespace: WatchedNetns, event: { readonly container: string | undefined }): boolean {
    if (namespace.scope === undefined) return true;
    const { container } = event;
    if (container === undefined) this.#noteLeftOut(namespace);
    return container !== undefined && meantContainers(namespace).has(container);
  }

  #scoped(request: TickRequest): TickRequest {
    const { events, packets } = request;
    return {
      ...request,
      ...(packets !== undefined && {
        packets: (namespace: WatchedNetns, event: PacketEvent) => {
          if (this.#isMeant(namespace, event)) packets(namespace, event);
        },
      }),
      query: (namespace) => scopedQuery(namespace, request.query(namespace)),
      events: allTo((namespace, event) => {
        if (!this.#isMeant(namespace, event)) return;
        if (namespace.scope !== undefined) {
          const counts = this.#events.get(namespace.netns) ?? noEvents();
          counts[event.kind]++;
          this.#events.set(namespace.netns, counts);
        }
        events?.[event.kind]?.(namespace, event);
      }),
    };
  }
}

/** The kernel's own count of TIME_WAIT is that of all who share the namespace: the entries are read. */
function scopedQuery({ scope }: WatchedNetns, query: SocketQuery): SocketQuery {
  if (scope === undefined || !query.protos.includes('tcp')) return query;
  return { ...query, states: query.states | stateMask(TCP_STATE.TIME_WAIT) };
}

/** What of a tick the scope of its namespace means. @param events of the scope since the last one */
function scopedTick(tick: NetnsTick, { opened, established, ...ends }: Required<EventCounts>): NetnsTick {
  const { namespace } = tick;
  if (namespace.scope === undefined) return tick;
  const meant = meantContainers(namespace);
  const isMeant = ({ container }: { container?: string }) => container !== undefined && meant.has(container);
  const { sockstat, snapshot, counters, processes, pids, memory, ...rest } = tick;
  void sockstat;
  return {
    ...rest,
    ...(snapshot !== undefined && { snapshot: scopedSnapshot(snapshot, meant) }),
    ...(counters !== undefined && { counters: withoutOpens(counters) }),
    ...(processes !== undefined && { processes: processes.filter(isMeant) }),
    ...(pids !== undefined && { pids: pids.filter(isMeant) }),
    ...(memory !== undefined && { memory: memory.filter(isMeant) }),
    ...(tick.events !== undefined && {
      events: tick.events.opened === undefined ? ends : { opened, established, ...ends },
    }),
  };
}

function scopedSnapshot(snapshot: SocketSnapshot, meant: ReadonlySet<string>): SocketSnapshot {
  return {
    ...snapshot,
    sockets: {
      each(visit) {
        snapshot.sockets.each((socket) => {
          const container = snapshot.containerOf(socket);
          if (container !== undefined && meant.has(container)) visit(socket);
        });
      },
    },
  };
}

/** Connections that all who share the namespace opened: those of the scope are counted from snapshots and events. */
function withoutOpens(counters: NetCounters): NetCounters {
  const { TcpActiveOpens, TcpPassiveOpens, ...others } = counters;
  void TcpActiveOpens;
  void TcpPassiveOpens;
  return others;
}

function meantContainers({ containers, scope }: WatchedNetns): ReadonlySet<string> {
  return new Set(containers.filter(({ id }) => scope?.includes(id)).map(({ name }) => name));
}
