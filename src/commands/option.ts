import { durationError, parseMilliseconds } from '../base/duration.ts';
import { Failure } from '../model/failure.ts';

/** The declaration of an option; made by {@link option}. */
export interface Option<Value> {
  /** The declaration for the argument parser. */
  parameter: object;
  /** The one-letter form without its dash; absent for none. */
  letter: string | undefined;
  /** The value when the option is not given. */
  absent: Value;
}

/** The values of a set of options, by the options' names. */
export type ValuesOf<Options> = {
  readonly [Name in keyof Options]: Options[Name] extends Option<infer Value> ? Value : never;
};

/** One-letter form and visibility of an option. */
interface More {
  letter?: string;
  /** Accepted, but not in help and completion: an old spelling. */
  hidden?: true;
}

/** Makes options. `brief` is its line in `--help`; `placeholder` names the value there. */
export const option = {
  /** Without a value. */
  boolean(brief: string, { letter, hidden }: More = {}): Option<boolean> {
    const parameter = { kind: 'boolean', brief, optional: true, withNegated: false, ...(hidden && { hidden }) };
    return { parameter, letter, absent: false };
  },

  /** With a value; what `parse` throws is reported with the option's name. */
  value<Value>(
    placeholder: string,
    brief: string,
    parse: (text: string) => Value,
    { letter, hidden }: More = {},
  ): Option<Value | undefined> {
    const parameter = { kind: 'parsed', parse, brief, optional: true, placeholder, ...(hidden && { hidden }) };
    return { parameter, letter, absent: undefined };
  },

  /** With a text. */
  text(placeholder: string, brief: string, more: More = {}): Option<string | undefined> {
    return option.value(placeholder, brief, String, more);
  },

  /** With a text; may be repeated. */
  texts(placeholder: string, brief: string, { letter }: More = {}): Option<readonly string[]> {
    const parameter = { kind: 'parsed', parse: String, brief, optional: true, variadic: true, placeholder };
    return { parameter, letter, absent: [] };
  },

  /** A time such as `500ms` or `5m`, in milliseconds. */
  duration(brief: string): Option<number | undefined> {
    return option.value('TIME', brief, parseTime);
  },
};

/**
 * Milliseconds of an option's value: `500ms`, `30s`, `5m`, `2h`.
 *
 * @throws {Failure} `usage` for anything else, for zero and for a number without a unit
 */
export function parseTime(text: string): number {
  const ms = parseMilliseconds(text);
  if (ms === undefined || ms === 0) throw new Failure('usage', durationError(text));
  return ms;
}
