import type { Names } from '../model/names.ts';
import type { RecordedDetails, RecordingHeader, StoredNetnsTick, StoredTick } from '../model/sample/recorded.ts';
import type { HostSample } from '../model/sample/sample.ts';
import type { ClosedConnectionRecord } from '../model/socket/closed-connection.ts';
import type { SocketColumns } from '../model/socket/socket-columns.ts';
import { toClosedColumns } from './closed-columns.ts';
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

/** Encodes ticks and closed connections as lines of a recording. */
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

  /** The lines of a tick and of the connections closed since the previous one. @param names for its addresses and ports */
  tick(tick: StoredTick<SocketColumns>, closed: readonly ClosedConnectionRecord[], names: Names): RecordingLine[] {
    const lines: RecordingLine[] = [];
    const namespaces = tick.namespaces.map(({ namespace }) => namespace);
    const text = JSON.stringify([namespaces, tick.containers]);
    if (text !== this.#namespaces) {
      this.#namespaces = text;
      this.#known.set(namespaces);
      this.#names.askAgain();
      lines.push({ type: 'spaces', spaces: namespaces, containers: tick.containers });
    }
    const newNames = this.#names.line(tick.namespaces, closed, names);
    if (newNames !== undefined) lines.push(newNames);
    lines.push(...this.closed(closed, tick.atMs), this.#tickLine(tick));
    return lines;
  }

  /** The line of closed connections; none without connections. */
  closed(closed: readonly ClosedConnectionRecord[], atMs: number): RecordingLine[] {
    return closed.length === 0 ? [] : [{ type: 'ended', at: atMs, ends: toClosedColumns(closed, atMs) }];
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
    closes,
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
    if (closes !== undefined && closes > 0) change.closes = closes;
    if (lost > 0) change.lost = lost;
    if (snapshot !== undefined) change.look = known.sockets.change(snapshot);
    return Object.keys(change).length > 1 ? change : undefined;
  }
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
