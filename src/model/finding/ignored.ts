/** An entry `[[ignore]]` of the configuration: findings that are known, and accepted for a reason. */
export interface IgnoreEntry {
  /** Name of the rule. */
  rule: string;
  /** A container, service or namespace as socklens names it, with `*`, `?` and `[…]` as in a shell; absent for all. */
  target?: string;
  /** ISO 8601: from then on its findings are reported again; absent for never. */
  until?: string;
  /** The reason, in the words of whoever wrote the entry; not safe for a terminal. */
  why: string;
}

/** An entry, and what it left out of a report. */
export interface Ignored extends IgnoreEntry {
  /** Its time is over: it leaves nothing out any more. */
  expired: boolean;
  /** How many findings it left out, those that they explain among them; of an expired one, how many it would have. */
  findings: number;
  /** Their places, as `FindingScope.name`; each once. */
  places: readonly string[];
}
