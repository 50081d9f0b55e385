import { SEVERITIES, type Severity } from '../../model/finding/finding.ts';
import type { ServedProblem } from '../protocol.ts';
import type { Alert } from './alert.ts';
import type { ToldAlert } from './message.ts';
import type { Receiver } from './receiver.ts';
import type { Group, Member, ToldState } from './told-state.ts';

/** Problems of a receiver at most, the worst first. */
const MOST_MEMBERS = 1000;

/**
 * A problem of which nothing is known any more is over after so long, milliseconds: a process that starts must find a problem
 * again before it knows whether it holds.
 */
const LOST_AFTER_MS = 90_000;

/** A problem that holds or held, and how it is sent. */
export interface Judged {
  problem: ServedProblem;
  alert: Alert;
  /** Title of another problem that holds and explains it; undefined where none does. */
  explainedBy: string | undefined;
}

/** What to send of a group. */
export interface Due {
  key: string;
  alerts: ToldAlert[];
  /** To be called when it was sent. */
  sent(atMs: number): void;
}

/** What decides when it is time. */
export type Timing = Pick<Receiver, 'severity' | 'waitMs' | 'intervalMs' | 'repeatMs'>;

/**
 * What a receiver knows of the problems, and what it is to be told next. It compares what holds with what was told, so that
 * nothing waits in a queue: a receiver that was away for an hour is told what holds then.
 */
export class Told {
  timing: Timing;
  readonly #groupKey: (problem: ServedProblem) => string;
  readonly #state: ToldState;
  /** Since when nothing is known of a member. */
  readonly #lostMs = new WeakMap<Member, number>();

  /** @param state of an earlier process; changed here */
  constructor(timing: Timing, groupKey: (problem: ServedProblem) => string, state: ToldState) {
    this.timing = timing;
    this.#groupKey = groupKey;
    this.#state = state;
  }

  get state(): ToldState {
    return this.#state;
  }

  /** All members, in no order. */
  get members(): Member[] {
    return [...this.#state.values()].flatMap(({ members }) => members);
  }

  /** Takes what a judgement found: all problems that hold, the worst first, then resolved ones. */
  judge(all: readonly Judged[], nowMs: number): void {
    const seen = new Set<Member>();
    for (const one of all) if (one.problem.resolvedAtMs === undefined) this.#hold(one, seen, nowMs);
    const over = new Map(all.map((one) => [one.problem.id, one]));
    for (const [key, group] of this.#state) {
      group.members = group.members.filter((member) => {
        if (seen.has(member)) return true;
        if (member.toldSeverity === undefined) return false;
        const last = over.get(member.alert.id);
        if (last === undefined && member.endsAtMs === undefined && !this.#isLost(member, nowMs)) return true;
        member.endsAtMs ??= last?.problem.resolvedAtMs ?? nowMs;
        member.explainedBy ??= last?.explainedBy;
        return true;
      });
      const isQuiet = group.sentMs === undefined || nowMs - group.sentMs >= this.timing.intervalMs;
      if (group.members.length === 0 && isQuiet) this.#state.delete(key);
    }
  }

  /** When the next message is to be sent; undefined while there is nothing to tell. */
  dueMs(nowMs: number): number | undefined {
    const times = [...this.#state.values()].flatMap((group) => dueOf(group, this.timing, nowMs) ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** What is to be sent now; undefined for nothing. */
  next(nowMs: number): Due | undefined {
    for (const [key, group] of this.#state) {
      const dueMs = dueOf(group, this.timing, nowMs);
      if (dueMs !== undefined && dueMs <= nowMs) return dueFor(key, group);
    }
    return undefined;
  }

  #isLost(member: Member, nowMs: number): boolean {
    // A clock that was set back must not keep it.
    const sinceMs = Math.min(this.#lostMs.get(member) ?? nowMs, nowMs);
    this.#lostMs.set(member, sinceMs);
    return nowMs - sinceMs >= LOST_AFTER_MS;
  }

  #hold({ problem, alert, explainedBy }: Judged, seen: Set<Member>, nowMs: number): void {
    const member = this.#find(problem);
    if (member === undefined) {
      if (explainedBy === undefined && isAtLeast(problem.severity, this.timing.severity))
        this.#add(problem, alert, seen, nowMs);
      return;
    }
    if (seen.has(member)) return;
    // What explains it is told instead.
    if (member.toldSeverity === undefined && explainedBy !== undefined) return;
    seen.add(member);
    this.#lostMs.delete(member);
    member.containers = [...new Set([...member.containers, ...problem.containers])];
    const labels = { ...member.alert.labels, severity: alert.labels.severity ?? problem.severity };
    member.alert = { ...alert, labels, startsAtMs: Math.min(member.alert.startsAtMs, alert.startsAtMs) };
    member.endsAtMs = undefined;
    member.explainedBy = undefined;
  }

  #add(problem: ServedProblem, alert: Alert, seen: Set<Member>, nowMs: number): void {
    if (this.members.length >= MOST_MEMBERS) return;
    const { rule, about, containers } = problem;
    const member: Member = {
      ...{ alert, rule, about, containers: [...containers], sinceMs: nowMs },
      ...{ toldSeverity: undefined, toldLabels: undefined, endsAtMs: undefined, explainedBy: undefined },
    };
    const key = this.#groupKey(problem);
    const group = this.#state.get(key) ?? { members: [], sentMs: undefined };
    group.members.push(member);
    this.#state.set(key, group);
    seen.add(member);
  }

  /** The member that this problem is: by its id, else one of the same rule about the same, of a container in common. */
  #find({ id, rule, about, containers }: ServedProblem): Member | undefined {
    const { members } = this;
    return (
      members.find((member) => member.alert.id === id) ??
      members.find(
        (member) =>
          member.rule === rule &&
          member.about === about &&
          member.containers.some((container) => containers.includes(container)),
      )
    );
  }
}

function isAtLeast(severity: Severity, least: Severity): boolean {
  return SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(least);
}

/** Whether its receiver was told something milder. */
function hasWorsened({ alert, toldSeverity }: Member): boolean {
  return toldSeverity !== undefined && SEVERITIES.indexOf(alert.severity) < SEVERITIES.indexOf(toldSeverity);
}

/** When a group is to be sent; undefined where there is nothing to tell. */
function dueOf({ members, sentMs }: Group, timing: Timing, nowMs: number): number | undefined {
  if (members.length === 0) return undefined;
  // A clock that was set back must not silence it.
  const lastMs = sentMs === undefined ? undefined : Math.min(sentMs, nowMs);
  const isOver = members.every(({ endsAtMs, toldSeverity }) => endsAtMs !== undefined && toldSeverity !== undefined);
  if (isOver || members.some(hasWorsened)) return nowMs;
  const added = members.filter(({ toldSeverity }) => toldSeverity === undefined);
  const oldestMs = Math.min(...added.map(({ sinceMs }) => Math.min(sinceMs, nowMs)));
  const nextMs = lastMs === undefined ? Number.NEGATIVE_INFINITY : lastMs + timing.intervalMs;
  if (added.length > 0) return Math.max(oldestMs + timing.waitMs, nextMs);
  if (members.some(({ endsAtMs }) => endsAtMs !== undefined)) return nextMs;
  return lastMs === undefined ? nowMs : lastMs + timing.repeatMs;
}

/** What is to be told of a group. */
function dueFor(key: string, group: Group): Due {
  const members = [...group.members].sort(
    (a, b) =>
      Number(a.endsAtMs !== undefined) - Number(b.endsAtMs !== undefined) ||
      SEVERITIES.indexOf(a.alert.severity) - SEVERITIES.indexOf(b.alert.severity),
  );
  const told = members.map((member) => ({ member, alert: member.alert, endsAtMs: member.endsAtMs }));
  return {
    key,
    alerts: members.map(({ alert, endsAtMs, explainedBy, toldLabels }) => ({
      alert,
      ...(endsAtMs !== undefined && { endsAtMs }),
      ...(explainedBy !== undefined && { explainedBy }),
      ...(toldLabels !== undefined && { toldLabels }),
    })),
    sent(atMs) {
      group.sentMs = atMs;
      for (const { member, alert, endsAtMs } of told) {
        if (endsAtMs !== undefined) {
          // It may hold again meanwhile: then it is told anew.
          if (member.endsAtMs === undefined) member.toldSeverity = undefined;
          else group.members = group.members.filter((one) => one !== member);
          continue;
        }
        const isWorse = member.toldSeverity === undefined || isAtLeast(alert.severity, member.toldSeverity);
        if (isWorse) member.toldSeverity = alert.severity;
        member.toldLabels = alert.labels;
      }
    },
  };
}
