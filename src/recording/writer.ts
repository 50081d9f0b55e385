import type { Names } from '../model/names.ts';
import type { RecordedDetails, RecordingHeader, StoredNetnsTick, StoredTick } from '../model/sample/recorded.ts';
import type { HostSample } from '../model/sample/sample.ts';
import type { ClosedConnectionRecord } from '../model/socket/closed-connection.ts';
import type { SocketColumns } from '../model/socket/socket-columns.ts';
import { toClosedColumns } from './closed-columns.ts';
import { KnownNamespaces } from './known-spaces.ts';
import { type NetnsChange, RECORDING_VERSION, type RecordingLine, type TickLine } from './lines.ts';
import { NamesMet } from './names-met.ts';
import { SocketChangesWriter } from './socket-changes.ts';

type Numbers = Readonly<Record<string, number>>;

/** What is known of a namespace, so that only changes are written. */
interface Known {
  counters: Numbers | undefined;
  sockstat: Numbers | undefined;
  processes: string;
  pids: string;
  memory: string;
  sockets: SocketChangesWriter;
}

/** Turns what was seen into lines of a recording. */
export class RecordingWriter {
  readonly #spaces = new KnownNamespaces(newKnown);
  readonly #names = new NamesMet();
  #population = '';
  #host = '';

  /** The first line. */
  header(header: Omit<RecordingHeader, 'version'>): RecordingLine {
    return { type: 'socklens-recording', version: RECORDING_VERSION, ...header };
  }

  details(details: RecordedDetails): RecordingLine {
    return { type: 'details', ...details };
  }

  /** The lines of a tick, and of the connections closed since the one before. @param names of what it has */
  tick(tick: StoredTick<SocketColumns>, closed: readonly ClosedConnectionRecord[], names: Names): RecordingLine[] {
    const lines: RecordingLine[] = [];
    const spaces = tick.namespaces.map(({ namespace }) => namespace);
    const population = JSON.stringify([spaces, tick.containers]);
    if (population !== this.#population) {
      this.#population = population;
      this.#spaces.set(spaces);
      this.#names.askAgain();
      lines.push({ type: 'spaces', spaces, containers: tick.containers });
    }
    const met = this.#names.line(tick.namespaces, closed, names);
    if (met !== undefined) lines.push(met);
    lines.push(...this.closed(closed, tick.atMs), this.#tickLine(tick));
    return lines;
  }

  /** Connections closed after the last tick. */
  closed(closed: readonly ClosedConnectionRecord[], atMs: number): RecordingLine[] {
    return closed.length === 0 ? [] : [{ type: 'ended', at: atMs, ends: toClosedColumns(closed, atMs) }];
  }

  /** The last line. */
  end(): RecordingLine {
    return { type: 'end' };
  }

  #tickLine({ atMs, namespaces: spaces, host, notes, budget }: StoredTick<SocketColumns>): TickLine {
    const changes = spaces.map((namespace) => this.#change(namespace)).filter((change) => change !== undefined);
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
    snapshot: look,
    closes,
    lost,
    ...lists
  }: StoredNetnsTick<SocketColumns>): NetnsChange | undefined {
    const known = this.#spaces.of(namespace.netns);
    if (known === undefined) return undefined;
    const change: NetnsChange = { netns: namespace.netns };
    const risen = difference(known.counters, counters, true);
    if (risen !== undefined) change.counters = risen;
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
    if (look !== undefined) change.look = known.sockets.change(look);
    return Object.keys(change).length > 1 ? change : undefined;
  }
}

function newKnown(): Known {
  const nothing = { counters: undefined, sockstat: undefined, processes: '', pids: '', memory: '' };
  return { ...nothing, sockets: new SocketChangesWriter() };
}

/** The fields that differ, as they are now or by how much they rose; undefined for none, null when all are gone. */
function difference(
  before: Numbers | undefined,
  now: Numbers | undefined,
  rise: boolean,
): Record<string, number> | null | undefined {
  if (now === undefined) return before === undefined ? undefined : null;
  let changed: Record<string, number> | undefined;
  for (const name in now) {
    const value = now[name] ?? 0;
    const old = before?.[name];
    if (value === old) continue;
    changed ??= {};
    changed[name] = rise ? value - (old ?? 0) : value;
  }
  return changed;
}

function withoutTime({ atMs, ...numbers }: HostSample): Omit<HostSample, 'atMs'> {
  void atMs;
  return numbers;
}
