import type { Finding, FindingScope } from '../model/finding/finding.ts';
import type { Series } from '../model/sample/series.ts';
import type { Holder } from '../model/socket/socket-columns.ts';

/** What a number of a setting is. */
export type SettingUnit = 'ms' | 'count' | 'share' | 'per-second' | 'bytes';

/** A threshold or a window of a rule, which `socklens.toml` and `--set` can change. */
export interface Setting {
  /** Milliseconds for `ms`, 0 to 1 (or a multiple) for `share`. */
  default: number;
  unit: SettingUnit;
  /** What it decides, in a phrase. */
  text: string;
}

/** The values in force for the settings of a rule. */
export type SettingValues<S extends Record<string, Setting>> = Readonly<Record<keyof S, number>>;

/** What the user declared, since the kernel does not know it. */
export interface Declarations {
  /** Caps of pools: at most so many connections of one process to an endpoint. */
  pools: readonly { endpoint: Endpoint; cap: number }[];
  /** Limits of servers: at most so many connections of all clients. */
  serverLimits: readonly { endpoint: Endpoint; limit: number }[];
  /** Instances of services on all hosts together; of every service where none is named. */
  replicas: readonly { service?: string; count: number }[];
}

/** `db:3306`: a container's or a host's name, or an address. */
export interface Endpoint {
  host: string;
  port: number;
}

/** What a rule gets in addition to its settings. */
export interface RuleInput {
  series: Series;
  declared: Declarations;
}

/** A rule of the doctor: a pure function of a series. */
export interface Rule {
  /** `CLOSE_WAIT_LEAK`. */
  name: string;
  /** What it finds, in a phrase. */
  title: string;
  settings: Readonly<Record<string, Setting>>;
  /**
   * How long the series must be before the rule's silence says anything, in milliseconds; 0 for one snapshot. A rule
   * that found nothing in a shorter series is reported as not judged.
   */
  needsMs(settings: Readonly<Record<string, number>>): number;
  /** How many dumps of a namespace that takes at least, as {@link needsMs}. */
  needsSnapshots(settings: Readonly<Record<string, number>>): number;
  judge(input: RuleInput, settings: Readonly<Record<string, number>>): Finding[];
}

/** Who holds the sockets that a fault is about; both absent where no process or container is known. */
export interface SocketHolder {
  process?: Holder | undefined;
  container?: string | undefined;
}

/** One fault as a rule reports it; `per-scope.ts` adds its scope, {@link rule} the name of the rule. */
export interface Fault extends Omit<Finding, 'rule' | 'scope' | 'byHand' | 'since' | 'causedBy'> {
  /** Since when it lasts, at the latest, milliseconds since the epoch; absent where only the time of the run is known. */
  sinceMs?: number | undefined;
  /** The command that shows the same by hand, of the target of the scope where it names one. */
  byHand: string | ((target: string) => string);
  /** Who holds the sockets, for a scope narrower than what is iterated over: the process, else the container. */
  holder?: SocketHolder;
  /** The scope, where it is neither what is iterated over nor a holder. */
  scope?: FindingScope;
}

/** A fault whose scope is known. */
export type ScopedFault = Omit<Finding, 'rule' | 'causedBy'>;

/** Finds faults in a series; created by the functions of `per-scope.ts`. */
export type Judge<V> = (input: RuleInput, values: V) => ScopedFault[];

/** A rule as its file declares it: its settings are known by their names. */
interface RuleDefinition<S extends Record<string, Setting>> {
  name: string;
  title: string;
  settings: S;
  /** As of {@link Rule}; absent for a rule that one snapshot is enough for. */
  needsMs?(values: SettingValues<S>): number;
  /** As of {@link Rule}; absent for a rule that one snapshot is enough for. */
  needsSnapshots?(values: SettingValues<S>): number;
  /** Several are asked one after the other. */
  judge: Judge<SettingValues<S>> | readonly Judge<SettingValues<S>>[];
}

/**
 * Makes a rule of its definition: its findings get its name. Inside, its settings are known by their names;
 * the caller hands in a value for each of them.
 */
export function rule<const S extends Record<string, Setting>>(definition: RuleDefinition<S>): Rule {
  const { name, title, settings, needsMs = () => 0, needsSnapshots = () => 1 } = definition;
  const judges = typeof definition.judge === 'function' ? [definition.judge] : definition.judge;
  return {
    name,
    title,
    settings,
    needsMs: (values) => needsMs(values as SettingValues<S>),
    needsSnapshots: (values) => needsSnapshots(values as SettingValues<S>),
    judge: (input, values) =>
      judges.flatMap((judge) => judge(input, values as SettingValues<S>)).map((found) => ({ rule: name, ...found })),
  };
}
