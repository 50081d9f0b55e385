import { PeerSummaries } from '../analyze/summarize-peers.ts';
import type { EndedConnections } from '../collect/ended-connections.ts';
import type { EndedSink } from '../collect/ended-sockets.ts';
import type { WatchedSpace } from '../collect/watched-space.ts';
import type { EndedConnection } from '../model/ended.ts';
import { outcomeOf } from '../model/outcome.ts';
import type { Proto, SocketView } from '../model/socket-view.ts';
import { ByteWriter } from '../present/byte-writer.ts';
import type { EndedOutput } from '../present/ended-output.ts';
import type { Output } from './context.ts';
import type { EventTest } from './event-filter.ts';

/** What is reported of the sockets that ended. */
export interface Wanted {
  protos: readonly Proto[];
  /** How many connections at most; undefined for no limit. */
  count: number | undefined;
}

interface Undecided {
  space: WatchedSpace;
  connection: EndedConnection;
  /** Whether a look at the stream has ended without its listener's end. */
  seen: boolean;
}

/** Bytes are given away before a look at the stream is over when there are so many. */
const MANY_BYTES = 1024 * 1024;

/** Turns the events of each look at the stream into lines, written together. */
export class EventReport implements EndedSink {
  readonly #out: Output;
  readonly #output: EndedOutput;
  readonly #tests: ReadonlyMap<WatchedSpace, EventTest>;
  readonly #ended: EndedConnections;
  readonly #wanted: Wanted;
  readonly #lines = new ByteWriter();
  readonly #summaries = new PeerSummaries();
  readonly #from = new Date();
  /** When the stream was last read to its end: a loss is since then. */
  #readMs = Date.now();
  #now = new Date();
  #gaps = 0;
  readonly #lost = new Set<WatchedSpace>();
  /** Whether they were aborted, or never accepted, shows when their listener's end comes, which may be a look later. */
  #undecided: Undecided[] = [];
  #endedListeners = new Set<string>();
  #listenersBefore = new Set<string>();

  constructor(
    out: Output,
    output: EndedOutput,
    tests: ReadonlyMap<WatchedSpace, EventTest>,
    ended: EndedConnections,
    wanted: Wanted,
  ) {
    this.#out = out;
    this.#output = output;
    this.#tests = tests;
    this.#ended = ended;
    this.#wanted = wanted;
    output.header(this.#lines);
    this.#write();
  }

  /** Begins a look at the stream. */
  begin(nowMs: number): void {
    this.#now = new Date(nowMs);
  }

  /** Whether as many were reported as are wanted. */
  get full(): boolean {
    const { count } = this.#wanted;
    return count !== undefined && this.#summaries.connections >= count;
  }

  ended(space: WatchedSpace, event: SocketView): void {
    if (!this.#wanted.protos.includes(event.proto)) return;
    const remembered = space.memory.of(event);
    const outcome = outcomeOf(event, remembered);
    if (outcome === 'unconnected') {
      if (event.proto === 'tcp') this.#endedListeners.add(listenerKey(space, event.localPort));
    } else if (this.#tests.get(space)?.(this.#ended.viewOf(event, remembered), remembered)) {
      const decided = outcome === 'mangled-child' ? 'aborted' : outcome;
      const connection = this.#ended.connection(space, event, remembered, decided, this.#now);
      if (outcome === 'mangled-child') this.#undecided.push({ space, connection, seen: false });
      else this.#show(connection);
    }
    if (remembered !== undefined) space.memory.ended(event);
  }

  lost(space: WatchedSpace): void {
    this.#lost.add(space);
  }

  /** Writes what has come. @returns the namespaces whose events are incomplete, which want a dump */
  flush(): WatchedSpace[] {
    this.#decide(false);
    const spoiled = [...this.#lost];
    this.#lost.clear();
    for (const space of spoiled) {
      this.#gaps++;
      this.#output.gap(this.#lines, space.place.target.name, new Date(this.#readMs), this.#now);
    }
    this.#write();
    this.#readMs = this.#now.getTime();
    return spoiled;
  }

  /** Writes the summary. */
  finish(): void {
    this.#decide(true);
    this.#output.summary(this.#lines, {
      from: this.#from,
      to: new Date(),
      connections: this.#summaries.connections,
      gaps: this.#gaps,
      peers: this.#summaries.peers(),
    });
    this.#write();
  }

  /** @param last whether nothing comes any more */
  #decide(last: boolean): void {
    const waiting: Undecided[] = [];
    for (const undecided of this.#undecided) {
      const key = listenerKey(undecided.space, undecided.connection.local.port);
      if (this.#endedListeners.has(key) || this.#listenersBefore.has(key)) {
        this.#show({ ...undecided.connection, outcome: 'never-accepted' });
      } else if (undecided.seen || last) this.#show(undecided.connection);
      else waiting.push({ ...undecided, seen: true });
    }
    this.#undecided = waiting;
    [this.#listenersBefore, this.#endedListeners] = [this.#endedListeners, this.#listenersBefore];
    this.#endedListeners.clear();
  }

  #show(connection: EndedConnection): void {
    if (this.full) return;
    this.#summaries.add(connection);
    this.#output.connection(this.#lines, connection);
    if (this.#lines.length > MANY_BYTES) this.#write();
  }

  #write(): void {
    if (this.#lines.length > 0) this.#out.write(this.#lines.bytes());
    this.#lines.clear();
  }
}

function listenerKey({ place }: WatchedSpace, port: number): string {
  return `${place.target.netns} ${port}`;
}
