import { LivingGroups, type Peaks } from '../count/living-groups.ts';
import { countSockets } from '../count/socket-counter.ts';
import type { Budget, BudgetFilter } from '../guard/budget.ts';
import type { BudgetPoint } from '../guard/target-value.ts';
import { limitShare } from '../model/container/limits.ts';
import type { Names } from '../model/names.ts';
import { connectionsOpened } from '../model/netns/counters.ts';
import type { PeakOrigin, Share } from '../model/report/guard.ts';
import type { ProcessSample } from '../model/sample/sample.ts';
import type { ConnectionEvent } from '../model/socket/connection-event.ts';
import type { SocketView } from '../model/socket/socket-view.ts';
import { TCP_STATE } from '../model/socket/tcp-state.ts';
import type { NetnsTick, SampleSource, SocketSnapshot } from '../sources/sample-source.ts';
import type { FilterTests } from './filter-tests.ts';
import { mostOf } from './most-of.ts';

/** One tick of one namespace. */
export interface MeterInput {
  tick: NetnsTick;
  /** Absent when its sockets were not read. */
  snapshot?: SocketSnapshot;
  atMs: number;
  /** Time of the previous tick, in milliseconds since the epoch; undefined at the first. */
  beforeMs: number | undefined;
  names: Names;
}

/** The value of a tick, without the name of the target. */
export interface Metered extends Omit<BudgetPoint, 'target'> {
  /** What the snapshot itself has, where the value is a peak of before it. */
  counted?: number;
}

/** What a source reports of connections. */
export type EventReports = Pick<SampleSource, 'eventSource' | 'reportsHalfCloses'>;

/** Measures one budget in one namespace. */
export class BudgetMeter {
  readonly #budget: Budget;
  readonly #tests: FilterTests | undefined;
  #closes = 0;
  /** Sockets of the last snapshot that live. */
  #alive: number | undefined;
  #opens: number | undefined;
  #highest = -1;

  /** Counts connections between snapshots; undefined where events do not tell enough. */
  readonly #living: LivingGroups | undefined;

  /**
   * @param tests of the budget's filter; undefined without one
   * @param source what it reports
   */
  constructor(budget: Budget, tests: FilterTests | undefined, source: EventReports) {
    this.#budget = budget;
    this.#tests = tests;
    const { subject } = budget;
    if (source.eventSource !== 'tracepoint' || subject.kind !== 'peak' || subject.filter.unix) return;
    const isConstant = tests?.isConstant ?? true;
    const inEstablished = !isConstant && tests?.isConstantInEstablished === true && source.reportsHalfCloses === true;
    if (!isConstant && !inEstablished) return;
    this.#living = new LivingGroups(budget.scope === 'process' ? ['process'] : [], inEstablished);
  }

  /** Called when the command starts: forgets the peak before it. */
  begin(): void {
    this.#highest = -1;
    this.#living?.restart();
  }

  /** Takes an event in. */
  event(event: ConnectionEvent): void {
    if (event.proto !== 'tcp' || (this.#living === undefined && this.#budget.subject.kind !== 'rate')) return;
    const isEnd = event.outcome !== undefined;
    const passes = this.#tests === undefined || this.#tests.events?.(event) === true;
    // What passed while it lived may not at its end: of a connection that is not counted the end changes nothing.
    if (passes || isEnd) this.#living?.event(event);
    if (passes && isEnd) this.#closes += event.count ?? 1;
  }

  /** Takes in that one side of a connection closed. */
  halfClosed(socket: SocketView, atMs: number): void {
    this.#living?.halfClosed(socket, atMs);
  }

  /** Measures a tick; undefined when it has no value for this budget. */
  measure(input: MeterInput): Metered | undefined {
    const { subject } = this.#budget;
    switch (subject.kind) {
      case 'peak':
      case 'steady':
      case 'drain':
        return input.snapshot === undefined ? undefined : this.#count(input, input.snapshot, subject.filter);
      case 'rate':
        return this.#rate(input, subject.of);
      case 'descriptors':
        return this.#descriptors(input, subject.as);
      case 'lost-events':
        return input.tick.events === undefined ? undefined : between(input, input.tick.lost);
      case 'findings':
        return undefined;
    }
  }

  #count({ atMs, names }: MeterInput, snapshot: SocketSnapshot, filter: BudgetFilter): Metered {
    const matches = this.#tests?.snapshot(snapshot) ?? everything;
    const test = (socket: SocketView) => isCounted(socket, filter) && matches(socket);
    const { total, unix } = countSockets(snapshot.sockets, test).counts();
    const value = filter.unix ? unix : total;
    const perProcess = this.#budget.scope === 'process';
    // Without cookies (/proc) events and snapshots cannot be joined.
    const peaks = snapshot.source === 'sock_diag' ? this.#living?.snapshot({ ...snapshot, names }, test) : undefined;
    // Finding the largest holders takes another pass, made only where a report may show them.
    const isHigh = perProcess || value > this.#highest || this.#budget.subject.kind !== 'peak';
    const all = value > 0 && isHigh ? mostOf({ ...snapshot, names }, test) : [];
    const who = perProcess ? all.filter(({ kind }) => kind === 'process') : all;
    const counted = perProcess ? (who[0]?.count ?? 0) : value;
    this.#highest = Math.max(this.#highest, value);
    const between = peaks === undefined ? undefined : highestOf(peaks, perProcess);
    const origin: PeakOrigin = this.#living !== undefined && snapshot.source === 'sock_diag' ? 'exact' : 'sampled';
    // What a snapshot counts beside connections (UDP) is not in the peak of connections.
    const point = { atMs, ...(this.#budget.subject.kind === 'peak' && { peak: origin }) };
    if (between !== undefined && between.count > counted)
      return {
        ...point,
        value: between.count,
        counted,
        ...(between.name !== undefined && { who: [between as Share] }),
      };
    return value > 0 && isHigh ? { ...point, value: counted, who } : { ...point, value: counted };
  }

  /** The kernel counts all opens; with a filter, opens are computed from closes and the change in open sockets. */
  #rate(input: MeterInput, of: 'opens' | 'closes'): Metered | undefined {
    const { tick, snapshot, beforeMs, atMs } = input;
    const closes = this.#closes;
    this.#closes = 0;
    const opensBefore = this.#opens;
    this.#opens = connectionsOpened(tick.counters);
    const livingBefore = this.#alive;
    if (snapshot !== undefined) this.#alive = this.#countLiving(snapshot);
    if (beforeMs === undefined || atMs <= beforeMs) return undefined;
    const perSecond = (count: number) => Math.round((Math.max(0, count) / ((atMs - beforeMs) / 1000)) * 10) / 10;
    if (of === 'opens' && this.#tests === undefined && this.#opens !== undefined && opensBefore !== undefined) {
      return { atMs, sinceMs: beforeMs, value: perSecond(this.#opens - opensBefore) };
    }
    if (tick.events === undefined) return undefined;
    if (of === 'closes') return between(input, perSecond(closes));
    if (livingBefore === undefined || this.#alive === undefined) return undefined;
    return between(input, perSecond(closes + this.#alive - livingBefore));
  }

  #countLiving(snapshot: SocketSnapshot): number {
    const test = this.#tests?.snapshot(snapshot) ?? everything;
    const isLiving = ({ proto, state }: SocketView) => proto === 'tcp' && state !== TCP_STATE.TIME_WAIT;
    return countSockets(snapshot.sockets, (socket) => isLiving(socket) && test(socket)).counts().tcp;
  }

  #descriptors({ tick, atMs }: MeterInput, as: '%' | 'count'): Metered | undefined {
    const value = ({ used, softLimit }: ProcessSample) =>
      as === 'count' ? used : Math.round((limitShare(used, softLimit) ?? 0) * 1000) / 10;
    const fullest = [...(tick.processes ?? [])].sort((a, b) => value(b) - value(a))[0];
    if (fullest === undefined) return undefined;
    const { pid, name, container, used } = fullest;
    const who: Share[] = [{ kind: 'process', name: `${pid}/${name}`, count: used }];
    if (container !== undefined) who.push({ kind: 'container', name: container, count: used });
    return { atMs, value: value(fullest), who };
  }
}

/** The highest peak, of one process or of all; the name where it is that of a process. */
function highestOf({ groups, total }: Peaks, perProcess: boolean): Pick<Share, 'count'> & Partial<Share> {
  if (!perProcess) return { count: total };
  const [most] = [...groups.values()].sort((a, b) => b.count - a.count);
  const name = most?.key.process;
  return typeof name === 'string' ? { kind: 'process', name, count: most?.count ?? 0 } : { count: 0 };
}

function between({ tick, atMs, beforeMs }: MeterInput, value: number): Metered {
  return {
    atMs,
    value,
    ...(beforeMs !== undefined && { sinceMs: beforeMs }),
    ...(tick.lost > 0 && { atLeast: true }),
  };
}

/** Whether a socket counts for a budget; TIME_WAIT, which holds only a port, counts only where the budget names it. */
function isCounted({ proto, state }: SocketView, { timeWait, unix }: BudgetFilter): boolean {
  if (unix) return proto === 'unix';
  if (proto === 'tcp') return timeWait || state !== TCP_STATE.TIME_WAIT;
  return proto === 'udp' || proto === 'udplite';
}

function everything(): boolean {
  return true;
}
