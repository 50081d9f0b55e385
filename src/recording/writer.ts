import type { Names } from '../model/names.ts';
import type { RecordedDetails, RecordingHeader, StoredNetnsTick, StoredTick } from '../model/sample/recorded.ts';
import type { HostSample } from '../model/sample/sample.ts';
import type { ConnectionEventRecord, EventCounts } from '../model/socket/connection-event.ts';
import type { SocketColumns } from '../model/socket/socket-columns.ts';
import type { StackFacts } from '../model/stack/stack-facts.ts';
import { EventColumnsWriter } from './event-columns.ts';
import { KnownNamespaces } from './known-namespaces.ts';
import { type NetnsChange, RECORDING_VERSION, type RecordingLine, type TickLine } from './lines.ts';
import { NameChanges } from './name-changes.ts';
import { SocketChangesWriter } from './socket-changes.ts';

type Numbers = Readonly<Record<string, number>>;

/** State of a network namespace that was written, so that only changes are written. Lists are compared as JSON. */
interface Known {
  counters: Numbers | undefined;
  sockstat: Numbers | undefined;
  processes: string;
  pids: string;
  memory: string;
  sockets: SocketChangesWriter;
}

/** Encodes ticks and connection events as lines of a recording. */
export class RecordingWriter {
  readonly #known = new KnownNamespaces(newKnown);
  readonly #names = new NameChanges();
  /** Events since the last tick: beginnings, and ends, of connections. */
  #begins = new EventColumnsWriter();
  #ends = new EventColumnsWriter();
  #namespaces = '';
  /** Of the last tick, namespaces and containers. */
  #objects: readonly object[] | undefined;
  #host = '';

  /** The first line. */
  header(header: Omit<RecordingHeader, 'version'>): RecordingLine {
    return { type: 'socklens-recording', version: RECORDING_VERSION, ...header };
  }

  /** The line of facts that rarely change. */
  details(details: RecordedDetails): RecordingLine {
    return { type: 'details', ...details };
  }

  /** The line of what the programs of processes are. */
  stacks(stacks: readonly StackFacts[]): RecordingLine {
    return { type: 'stacks', stacks };
  }

  /**
   * Adds a connection event, which the next tick has, or {@link events}.
   *
   * @returns its number among the beginnings, or the ends, of connections since the last tick
   */
  addEvent(event: ConnectionEventRecord): number {
    const isEnd = event.event === 'failed' || event.event === 'closed';
    return (isEnd ? this.#ends : this.#begins).add(event);
  }

  /** Counts another end of a connection with one since the last tick. @param end its number, see {@link addEvent} */
  addAlike(end: number): void {
    this.#ends.addAlike(end);
  }

  /** The lines of a tick and of the events since the previous one. @param names for its addresses and ports */
  tick(tick: StoredTick<SocketColumns>, names: Names): RecordingLine[] {
    const lines: RecordingLine[] = [];
    const namespaces = tick.namespaces.map(({ namespace }) => namespace);
    // Long texts for many namespaces: made only where an inventory has made new objects.
    const objects = [...namespaces, ...tick.containers];
    const before = this.#objects;
    const isSame = before?.length === objects.length && objects.every((one, at) => one === before[at]);
    this.#objects = objects;
    const text = isSame ? this.#namespaces : JSON.stringify([namespaces, tick.containers]);
    if (text !== this.#namespaces) {
      this.#namespaces = text;
      this.#known.set(namespaces);
      this.#names.askAgain();
      lines.push({ type: 'spaces', spaces: namespaces, containers: tick.containers });
    }
    const peerNames = new Map([...this.#begins.peerNames, ...this.#ends.peerNames]);
    const newNames = this.#names.line(tick.namespaces, peerNames, names);
    if (newNames !== undefined) lines.push(newNames);
    lines.push(...this.events(tick.atMs), this.#tickLine(tick));
    return lines;
  }

  /** The lines of the events since the last tick, beginnings and ends of connections; none without events. */
  events(atMs: number): RecordingLine[] {
    const [begins, ends] = [this.#begins, this.#ends];
    const lines: RecordingLine[] = [];
    if (begins.length > 0) lines.push({ type: 'began', at: atMs, begins: begins.columns(atMs) });
    if (ends.length > 0) lines.push({ type: 'ended', at: atMs, ends: ends.columns(atMs) });
    if (begins.length > 0) this.#begins = new EventColumnsWriter();
    if (ends.length > 0) this.#ends = new EventColumnsWriter();
    return lines;
  }

  /** The last line. */
  end(): RecordingLine {
    return { type: 'end' };
  }

  #tickLine({ atMs, namespaces, host, notes, budget }: StoredTick<SocketColumns>): TickLine {
    const changes = namespaces.map((namespace) => this.#change(namespace)).filter((change) => change !== undefined);
    const hostText = host === undefined ? this.#host : JSON.stringify(withoutTime(host));
    const hostChanged = host !== undefined && hostText !== this.#host;
    this.#host = hostText;
    return {
      type: 'tick',
      at: atMs,
      ...(changes.length > 0 && { spaces: changes }),
      ...(hostChanged && { host }),
      ...(notes.length > 0 && { notes }),
      ...(budget?.stretched && { budget }),
    };
  }

  #change({
    namespace,
    counters,
    sockstat,
    snapshot,
    events,
    lost,
    ...lists
  }: StoredNetnsTick<SocketColumns>): NetnsChange | undefined {
    const known = this.#known.of(namespace.netns);
    if (known === undefined) return undefined;
    const change: NetnsChange = { netns: namespace.netns };
    const increases = difference(known.counters, counters, true);
    if (increases !== undefined) change.counters = increases;
    known.counters = known.counters === undefined ? counters : counters && { ...known.counters, ...counters };
    const stat = sockstat && { ...sockstat };
    const statChange = difference(known.sockstat, stat, false);
    if (statChange !== undefined) change.sockstat = statChange;
    known.sockstat = stat;
    for (const name of ['processes', 'pids', 'memory'] as const) {
      const list = lists[name];
      const text = list === undefined ? known[name] : JSON.stringify(list);
      if (text !== known[name]) Object.assign(change, { [name]: list });
      known[name] = text;
    }
    if (events !== undefined) addEvents(change, events);
    if (lost > 0) change.lost = lost;
    if (snapshot !== undefined) change.look = known.sockets.change(snapshot);
    return Object.keys(change).length > 1 ? change : undefined;
  }
}

/** Counts of 0 are left out. `closes` includes the attempts that failed, as in files of the first version. */
function addEvents(change: NetnsChange, { opened, established, failed, closed }: EventCounts): void {
  if (failed + closed > 0) change.closes = failed + closed;
  if (failed > 0) change.failed = failed;
  if (opened) change.opened = opened;
  if (established) change.established = established;
}

function newKnown(): Known {
  const nothing = { counters: undefined, sockstat: undefined, processes: '', pids: '', memory: '' };
  return { ...nothing, sockets: new SocketChangesWriter() };
}

/** The fields that differ, as new values or increases; undefined for none, null when none can be read any more. */
function difference(
  before: Numbers | undefined,
  now: Numbers | undefined,
  asIncrease: boolean,
): Record<string, number> | null | undefined {
  if (now === undefined) return before === undefined ? undefined : null;
  // Name by name, V8 compiles this loop again and again: counters have hundreds of names.
  if (before === undefined) return { ...now };
  let changed: Record<string, number> | undefined;
  for (const name in now) {
    const value = now[name] ?? 0;
    const old = before[name];
    if (value === old) continue;
    changed ??= {};
    changed[name] = asIncrease ? value - (old ?? 0) : value;
  }
  return changed;
}

function withoutTime({ atMs, ...numbers }: HostSample): Omit<HostSample, 'atMs'> {
  void atMs;
  return numbers;
}
