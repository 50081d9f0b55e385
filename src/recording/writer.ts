import type { Names } from '../model/names.ts';
import type { RecordedDetails, RecordedEnd, RecordedSpace, RecordedTick, RecordingHeader } from '../model/recorded.ts';
import type { HostSample } from '../model/sample.ts';
import { keptEnd } from './ended-lines.ts';
import { RECORDING_VERSION, type RecordingLine, type SpaceChange, type TickLine } from './lines.ts';
import { SocketChangesWriter } from './socket-changes.ts';

/** What is known of a namespace, so that only changes are written. */
interface Known {
  counters: Readonly<Record<string, number>>;
  sockstat: Readonly<Record<string, number>>;
  processes: string;
  pids: string;
  sockets: SocketChangesWriter;
}

/** Turns what was seen into lines of a recording. */
export class RecordingWriter {
  readonly #spaces = new Map<number, Known>();
  readonly #names = new Set<string>();
  #population = '';
  #host = '';

  /** The first line. */
  header(header: Omit<RecordingHeader, 'version'>): RecordingLine {
    return { type: 'socklens-recording', version: RECORDING_VERSION, ...header };
  }

  details(details: RecordedDetails): RecordingLine {
    return { type: 'details', ...details };
  }

  ended({ netns, connection, remembered }: RecordedEnd): RecordingLine {
    return { type: 'ended', netns, ...keptEnd(connection, remembered) };
  }

  /** The lines of a tick. @param names of what the tick has */
  tick(tick: RecordedTick, names: Names): RecordingLine[] {
    const lines: RecordingLine[] = [];
    const spaces = tick.spaces.map(({ space }) => space);
    const population = JSON.stringify([spaces, tick.containers]);
    if (population !== this.#population) {
      this.#population = population;
      lines.push({ type: 'spaces', spaces, containers: tick.containers });
      const present = new Set(spaces.map(({ netns }) => netns));
      for (const netns of this.#spaces.keys()) if (!present.has(netns)) this.#spaces.delete(netns);
    }
    const met = this.#meet(tick, names);
    if (met !== undefined) lines.push(met);
    lines.push(this.#tickLine(tick));
    return lines;
  }

  #tickLine({ atMs, spaces, host, notes, budget }: RecordedTick): TickLine {
    const changes = spaces.map((space) => this.#change(space)).filter((change) => change !== undefined);
    const hostText = JSON.stringify(host === undefined ? {} : withoutTime(host));
    const hostChanged = host !== undefined && hostText !== this.#host;
    this.#host = hostText;
    return {
      ...{ type: 'tick', at: atMs },
      ...(changes.length > 0 && { spaces: changes }),
      ...(hostChanged && { host }),
      ...(notes.length > 0 && { notes }),
      ...(budget?.stretched && { budget }),
    };
  }

  #change({ space, counters, sockstat, processes, pids, look, closes, lost }: RecordedSpace): SpaceChange | undefined {
    const known = this.#known(space.netns);
    const change: SpaceChange = { netns: space.netns };
    const risen = difference(known.counters, counters ?? {}, true);
    if (risen !== undefined) change.counters = risen;
    known.counters = { ...known.counters, ...counters };
    const stat = difference(known.sockstat, { ...sockstat }, false);
    if (stat !== undefined) change.sockstat = stat;
    known.sockstat = { ...known.sockstat, ...sockstat };
    const processText = processes === undefined ? known.processes : JSON.stringify(processes);
    if (processes !== undefined && processText !== known.processes) change.processes = processes;
    known.processes = processText;
    const pidsText = pids === undefined ? known.pids : JSON.stringify(pids);
    if (pids !== undefined && pidsText !== known.pids) change.pids = pids;
    known.pids = pidsText;
    if (closes !== undefined && closes > 0) change.closes = closes;
    if (lost > 0) change.lost = lost;
    if (look !== undefined) change.look = known.sockets.change(look);
    return Object.keys(change).length > 1 ? change : undefined;
  }

  #known(netns: number): Known {
    const known = this.#spaces.get(netns);
    if (known !== undefined) return known;
    const made: Known = { counters: {}, sockstat: {}, processes: '', pids: '', sockets: new SocketChangesWriter() };
    this.#spaces.set(netns, made);
    return made;
  }

  /** Names of addresses and ports that were not met before. */
  #meet({ spaces }: RecordedTick, names: Names): RecordingLine | undefined {
    const hosts: Record<string, string> = {};
    const services: Record<string, string> = {};
    for (const { look } of spaces) {
      for (const { local, peer, localPort, peerPort, proto } of look?.sockets ?? []) {
        for (const address of [local?.plain, peer?.plain]) {
          if (address === undefined || this.#names.has(address)) continue;
          this.#names.add(address);
          const name = names.host(address);
          if (name !== undefined) hosts[address] = name;
        }
        for (const port of [localPort, peerPort]) {
          const key = `${port}/${proto}`;
          if (port === 0 || this.#names.has(key)) continue;
          this.#names.add(key);
          const name = names.service(port, proto);
          if (name !== undefined) services[key] = name;
        }
      }
    }
    const any = Object.keys(hosts).length + Object.keys(services).length > 0;
    return any ? { type: 'names', hosts, services } : undefined;
  }
}

/** The fields that differ, as they are now or by how much they rose; undefined for none. */
function difference(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
  rise: boolean,
): Record<string, number> | undefined {
  let changed: Record<string, number> | undefined;
  for (const name in now) {
    const value = now[name] ?? 0;
    const old = before[name];
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
