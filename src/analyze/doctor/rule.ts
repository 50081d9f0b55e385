import type { Finding } from '../../model/finding.ts';
import type { Series } from '../../model/series.ts';

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

/** What the user declared: no table tells it. */
export interface Declarations {
  /** Caps of pools: at most so many connections of one process to an endpoint. */
  pools: readonly { endpoint: Endpoint; cap: number }[];
  /** Limits of servers: at most so many connections of all clients. */
  serverLimits: readonly { endpoint: Endpoint; limit: number }[];
}

/** `db:3306`: a container's or a host's name, or an address. */
export interface Endpoint {
  host: string;
  port: number;
}

/** What a rule gets beside its settings. */
export interface RuleInput {
  series: Series;
  declared: Declarations;
}

/** A rule of the doctor: pure, over what was seen. */
export interface Rule {
  /** `CLOSE_WAIT_LEAK`. */
  name: string;
  /** What it finds, in a phrase. */
  title: string;
  settings: Readonly<Record<string, Setting>>;
  /**
   * How long must be looked before it can judge, in milliseconds; 0 for one look. What was looked at for a
   * shorter time is told as not judged.
   */
  needsMs(settings: Readonly<Record<string, number>>): number;
  judge(input: RuleInput, settings: Readonly<Record<string, number>>): Finding[];
}

/** A rule whose settings are known by their names. */
interface RuleDefinition<S extends Record<string, Setting>> extends Omit<Rule, 'needsMs' | 'judge'> {
  settings: S;
  needsMs(settings: SettingValues<S>): number;
  judge(input: RuleInput, settings: SettingValues<S>): Finding[];
}

/** Makes a rule; its settings keep their names inside and are any outside: whoever runs it hands all of them in. */
export function rule<const S extends Record<string, Setting>>(definition: RuleDefinition<S>): Rule {
  return definition as unknown as Rule;
}
