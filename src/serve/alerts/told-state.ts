import { SEVERITIES, type Severity } from '../../model/finding/finding.ts';
import type { Alert } from './alert.ts';

/** A problem that a receiver is or will be told of. */
export interface Member {
  alert: Alert;
  rule: string;
  about: string | undefined;
  /** Names of the rows that it concerns or concerned: by them it is the same problem, whatever its id. */
  containers: string[];
  /** When the receiver was to be told of it. */
  sinceMs: number;
  /** The worst severity that was told; undefined for one that was not told. */
  toldSeverity: Severity | undefined;
  /** Labels that were told last; undefined for one that was not told. */
  toldLabels: Readonly<Record<string, string>> | undefined;
  /** When it was over; undefined while it holds. */
  endsAtMs: number | undefined;
  /** Title of the problem that explains it; undefined where none does. */
  explainedBy: string | undefined;
}

/** Members that are told of together. */
export interface Group {
  members: Member[];
  /** When the last message went out; undefined before the first. */
  sentMs: number | undefined;
}

/** What a receiver was told, by the key of its groups. */
export type ToldState = Map<string, Group>;

/** As JSON. */
export function toldJson(state: ToldState): unknown {
  // What was not told begins anew after a restart.
  return [...state].map(([key, { members, sentMs }]) => ({
    key,
    sentMs,
    members: members.filter(({ toldSeverity }) => toldSeverity !== undefined),
  }));
}

/** The state of {@link toldJson}; what is damaged is left out. */
export function toldOf(json: unknown): ToldState {
  const state: ToldState = new Map();
  if (!Array.isArray(json)) return state;
  for (const one of json as (Partial<Group> & { key?: unknown })[]) {
    const { key, members, sentMs } = one ?? {};
    if (typeof key !== 'string' || !Array.isArray(members)) continue;
    const sent = typeof sentMs === 'number' ? sentMs : undefined;
    state.set(key, { sentMs: sent, members: members.filter(isMember) });
  }
  return state;
}

function isMember(value: unknown): value is Member {
  const { alert, rule, containers, toldSeverity, toldLabels, sinceMs } = (value ?? {}) as Partial<Member>;
  const { id, title, labels, numbers, symptoms } = (alert ?? {}) as Partial<Alert>;
  const isAlert = typeof id === 'string' && typeof title === 'string' && typeof labels === 'object' && labels !== null;
  const areLists = Array.isArray(numbers) && Array.isArray(symptoms) && Array.isArray(containers);
  const wasTold = SEVERITIES.includes(toldSeverity as Severity) && typeof toldLabels === 'object';
  return isAlert && areLists && wasTold && typeof rule === 'string' && typeof sinceMs === 'number';
}
