import { durationError, parseMilliseconds } from '../base/duration.ts';
import { Failure } from '../model/failure.ts';
import { type Propose, proposeWords, stricliProposer } from './proposals.ts';

/** The declaration of an option; made by {@link option}. */
export interface Option<Value> {
  /** The declaration for the argument parser. */
  parameter: object;
  docs: OptionDocs;
  /** The one-letter form without its dash; absent for none. */
  letter: string | undefined;
  /** The value when the option is not given. */
  absent: Value;
}

/** An option in help, the manual page and completion. */
export interface OptionDocs {
  brief: string;
  /** Name of its value; absent for an option without one. */
  placeholder?: string;
  /** All words that its value may be, or be made of; absent where they are not few and known. */
  choices?: readonly string[];
  /** Accepted, but not shown: an old spelling. */
  isHidden: boolean;
}

/** The name of an option as it is typed, without dashes: `explainFilter` is `explain-filter`. */
export function optionName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The values of a set of options, by the options' names. */
export type ValuesOf<Options> = {
  readonly [Name in keyof Options]: Options[Name] extends Option<infer Value> ? Value : never;
};

/** One-letter form, visibility, and what the completion of a shell proposes as value. */
interface More {
  letter?: string;
  /** Accepted, but not in help and completion: an old spelling. */
  hidden?: true;
  /** As of {@link OptionDocs}; they are proposed, too, where nothing else is. */
  choices?: readonly string[];
  propose?: Propose;
}

/** Makes options. `brief` is its line in `--help`; `placeholder` names the value there. */
export const option = {
  /** Without a value. */
  boolean(brief: string, more: More = {}): Option<boolean> {
    return declare({ kind: 'boolean', withNegated: false }, { brief }, more, false);
  },

  /** With a value; what `parse` throws is reported with the option's name. */
  value<Value>(
    placeholder: string,
    brief: string,
    parse: (text: string) => Value,
    more: More = {},
  ): Option<Value | undefined> {
    return declare({ kind: 'parsed', parse }, { brief, placeholder }, more, undefined);
  },

  /** With a text. */
  text(placeholder: string, brief: string, more: More = {}): Option<string | undefined> {
    return option.value(placeholder, brief, String, more);
  },

  /** With a text; may be repeated. */
  texts(placeholder: string, brief: string, more: More = {}): Option<readonly string[]> {
    return declare({ kind: 'parsed', parse: String, variadic: true }, { brief, placeholder }, more, []);
  },

  /** A time such as `500ms` or `5m`, in milliseconds. */
  duration(brief: string): Option<number | undefined> {
    return option.value('TIME', brief, parseTime);
  },
};

function declare<Value>(
  kind: object,
  docs: { brief: string; placeholder?: string },
  { letter, hidden, choices, propose = choices && proposeWords(choices) }: More,
  absent: Value,
): Option<Value> {
  const parameter = {
    ...kind,
    ...docs,
    optional: true,
    ...(hidden && { hidden }),
    ...(propose && { proposeCompletions: stricliProposer(propose) }),
  };
  return { parameter, docs: { ...docs, ...(choices && { choices }), isHidden: hidden === true }, letter, absent };
}

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
