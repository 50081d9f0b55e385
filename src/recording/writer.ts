import type { Names } from '../model/names.ts';
import type { RecordedDetails, RecordingHeader, StoredNetnsTick, StoredTick } from '../model/sample/recorded.ts';
import type { HostSample } from '../model/sample/sample.ts';
import type { ConnectionEventRecord, EventCounts } from '../model/socket/connection-event.ts';
import type { SocketColumns } from '../model/socket/socket-columns.ts';
import { toEventColumns } from './event-columns.ts';
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
  #namespaces = '';
  #host = '';

  /** The first line. */
  header(header: Omit<RecordingHeader, 'version'>): RecordingLine {
    return { type: 'socklens-recording', version: RECORDING_VERSION, ...header };
  }

  /** The line of facts that rarely change. */
  details(details: RecordedDetails): RecordingLine {
    return { type: 'details', ...details };
  }

  /** The lines of a tick and of the events since the previous one. @param names for its addresses and ports */
  tick(tick: StoredTick<SocketColumns>, events: readonly ConnectionEventRecord[], names: Names): RecordingLine[] {
    const lines: RecordingLine[] = [];
    const namespaces = tick.namespaces.map(({ namespace }) => namespace);
    const text = JSON.stringify([namespaces, tick.containers]);
    if (text !== this.#namespaces) {
      this.#namespaces = text;
      this.#known.set(namespaces);
      this.#names.askAgain();
      lines.push({ type: 'spaces', spaces: namespaces, containers: tick.containers });
    }
    const newNames = this.#names.line(tick.namespaces, events, names);
    if (newNames !== undefined) lines.push(newNames);
    lines.push(...this.events(events, tick.atMs), this.#tickLine(tick));
    return lines;
  }

  /** The lines of events, beginnings and ends of connections; none without events. */
  events(events: readonly ConnectionEventRecord[], atMs: number): RecordingLine[] {
    const isEnd = ({ event }: ConnectionEventRecord) => event === 'failed' || event === 'closed';
    const begins = events.filter((event) => !isEnd(event));
    const ends = events.filter(isEnd);
    const lines: RecordingLine[] = [];
    if (begins.length > 0) lines.push({ type: 'began', at: atMs, begins: toEventColumns(begins, atMs) });
    if (ends.length > 0) lines.push({ type: 'ended', at: atMs, ends: toEventColumns(ends, atMs) });
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
    known.counters = counters && { ...known.counters, ...counters };
    const stat = difference(known.sockstat, sockstat && { ...sockstat }, false);
    if (stat !== undefined) change.sockstat = stat;
    known.sockstat = sockstat && { ...sockstat };
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
  let changed: Record<string, number> | undefined;
  for (const name in now) {
    const value = now[name] ?? 0;
    const old = before?.[name];
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
