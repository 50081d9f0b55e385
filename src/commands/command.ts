import {
  buildCommand,
  type Command,
  type CommandFunction,
  type TypedCommandParameters,
  type TypedPositionalParameters,
} from '@stricli/core';
import type { CliContext } from './context.ts';
import { type Option, optionName, type ValuesOf } from './option.ts';
import { operandsBefore, type Propose, proposeWords, stricliProposer } from './proposals.ts';

/** What a user wants to do, by which `socklens --help` groups the commands. */
export type Task = 'look' | 'watch' | 'explain' | 'test' | 'act' | 'shell';

/** An operand of a command: its name and its line in `--help`. */
export interface Operand {
  placeholder: string;
  brief: string;
  /** All words that it may be; absent where they are not few and known. They are proposed, too. */
  choices?: readonly string[];
  /** Proposes values for the completion of a shell; absent where nothing can be proposed. */
  propose?: Propose;
}

/**
 * Operands: a list of any length, with its form in the usage line (`TARGET... [FILTER]`), or a fixed number of which
 * the last ones may be optional.
 */
export type Operands = { many: Operand; usage: string } | { fixed: readonly (Operand & { optional?: true })[] };

/** What help, the manual page and completion tell about a command. */
export interface CommandDocs {
  task: Task;
  /** One line for the list of commands, without a full stop. */
  brief: string;
  /** What `--help` prints below the usage: paragraphs, each one line of any length; absent for nothing. */
  details?: string;
  /** Command lines to copy: what comes after `socklens`, and what it shows. */
  examples: readonly (readonly [arguments: string, shows: string])[];
  /** What follows the command's name in the usage line, in place of what is generated from options and operands. */
  usage?: string;
  options?: Readonly<Record<string, Option<unknown>>>;
  /** Absent for a command without operands. */
  operands?: Operands;
}

/** The declaration of a command; the types of its options are inferred from it. */
export interface CommandSpec<Options extends Record<string, Option<unknown>>> extends CommandDocs {
  options?: Options;
  /** Loads the implementation when the command runs. Optional operands that were not given are missing from `words`. */
  load: () => Promise<
    (context: CliContext, options: ValuesOf<Options>, words: readonly string[]) => Promise<void> | void
  >;
}

/** A command: its documentation, and its node in the command tree. */
export interface Verb {
  docs: CommandDocs;
  route: Command<CliContext>;
}

/** Values as the parser returns them: an option that was not given is undefined. */
type Parsed = Readonly<Record<string, unknown>>;

/** Makes a command from its declaration. */
export function command<Options extends Record<string, Option<unknown>> = Record<never, never>>(
  spec: CommandSpec<Options>,
): Verb {
  const options: [string, Option<unknown>][] = Object.entries(spec.options ?? {});
  const aliases = options.flatMap(([name, { letter }]) => (letter === undefined ? [] : [[letter, name]]));
  // The parameter types of the library need literal types; Options and ValuesOf replace them.
  const parameters = {
    flags: Object.fromEntries(options.map(([name, { parameter }]) => [name, parameter])),
    aliases: Object.fromEntries(aliases),
    positional: positionalOf(spec.operands, valueOptions(options)),
  } as unknown as TypedCommandParameters<Parsed, string[], CliContext>;
  const route = buildCommand<Parsed, string[], CliContext>({
    docs: { brief: spec.brief },
    parameters,
    loader: async () => {
      const run = await spec.load();
      const start: CommandFunction<Parsed, string[], CliContext> = function (flags, ...words) {
        const values = Object.fromEntries(options.map(([name, option]) => [name, flags[name] ?? option.absent]));
        return run(
          this,
          values as ValuesOf<Options>,
          words.filter((word) => word !== undefined),
        );
      };
      return start;
    },
  });
  return { docs: spec, route };
}

/** The options that take a value, as typed: `--from`, `-o`. */
function valueOptions(options: readonly [string, Option<unknown>][]): Set<string> {
  const withValue = options.filter(([, { docs }]) => docs.placeholder !== undefined);
  return new Set(
    withValue.flatMap(([name, { letter }]) => [
      `--${name}`,
      `--${optionName(name)}`,
      ...(letter === undefined ? [] : [`-${letter}`]),
    ]),
  );
}

function positionalOf(
  operands: Operands | undefined,
  withValue: ReadonlySet<string>,
): TypedPositionalParameters<string[], CliContext> {
  const parameter = ({ placeholder, brief, choices, propose = choices && proposeWords(choices) }: Operand) => ({
    placeholder,
    brief,
    parse: String,
    ...(propose && { proposeCompletions: stricliProposer(propose, (words) => operandsBefore(words, withValue)) }),
  });
  const positional =
    operands !== undefined && 'many' in operands
      ? { kind: 'array', parameter: parameter(operands.many) }
      : {
          kind: 'tuple',
          parameters: (operands?.fixed ?? []).map((operand) => ({
            ...parameter(operand),
            ...(operand.optional && { optional: true }),
          })),
        };
  return positional as unknown as TypedPositionalParameters<string[], CliContext>;
}
