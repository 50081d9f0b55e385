import {
  buildCommand,
  type Command,
  type CommandFunction,
  type TypedCommandParameters,
  type TypedPositionalParameters,
} from '@stricli/core';
import type { CliContext } from './context.ts';
import type { Option, ValuesOf } from './option.ts';

/** An operand of a command: its name and its line in `--help`. */
export interface Operand {
  placeholder: string;
  brief: string;
}

/** Operands: a list of any length, or a fixed number of which the last ones may be optional. */
export type Operands = { many: Operand } | { fixed: readonly (Operand & { optional?: true })[] };

/** The declaration of a command; the types of its options are inferred from it. */
export interface CommandSpec<Options extends Record<string, Option<unknown>>> {
  /** One line for the list of commands. */
  brief: string;
  /** What `--help` prints below the brief; absent for nothing. */
  details?: string;
  /** Command lines to copy, for the end of `--help`: what comes after `socklens`, and what it shows. */
  examples: readonly (readonly [arguments: string, shows: string])[];
  /** Usage lines that replace the generated one. */
  usage?: readonly string[];
  options?: Options;
  /** Absent for a command without operands. */
  operands?: Operands;
  /** Loads the implementation when the command runs. Optional operands that were not given are missing from `words`. */
  load: () => Promise<
    (context: CliContext, options: ValuesOf<Options>, words: readonly string[]) => Promise<void> | void
  >;
}

/** Values as the parser returns them: an option that was not given is undefined. */
type Parsed = Readonly<Record<string, unknown>>;

/** Makes a command of the command tree from its declaration. */
export function command<Options extends Record<string, Option<unknown>> = Record<never, never>>(
  spec: CommandSpec<Options>,
): Command<CliContext> {
  const options: [string, Option<unknown>][] = Object.entries(spec.options ?? {});
  const aliases = options.flatMap(([name, { letter }]) => (letter === undefined ? [] : [[letter, name]]));
  // The parameter types of the library need literal types; Options and ValuesOf replace them.
  const parameters = {
    flags: Object.fromEntries(options.map(([name, { parameter }]) => [name, parameter])),
    aliases: Object.fromEntries(aliases),
    positional: positionalOf(spec.operands),
  } as unknown as TypedCommandParameters<Parsed, string[], CliContext>;
  const { brief, details, examples, usage } = spec;
  const description = details === undefined ? `${brief}.` : `${brief}.\n\n${details}`;
  return buildCommand<Parsed, string[], CliContext>({
    docs: {
      brief,
      fullDescription: `${description}\n\n${examplesText(examples)}`,
      ...(usage !== undefined && { customUsage: usage }),
    },
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
}

/** Examples as lines of help, what they show aligned where it fits, else in a line above. */
function examplesText(examples: readonly (readonly [string, string])[]): string {
  const lines = examples.map(([args, shows]) => [`  socklens ${args}`, shows] as const);
  const width = Math.max(...lines.map(([line]) => line.length));
  const isWide = lines.some(([, shows]) => width + '  # '.length + shows.length > HELP_WIDTH);
  const texts = lines.map(([line, shows]) => (isWide ? `  # ${shows}\n${line}` : `${line.padEnd(width)}  # ${shows}`));
  return `EXAMPLES\n${texts.join('\n')}`;
}

/** Terminal columns that help is written for. */
const HELP_WIDTH = 80;

function positionalOf(operands: Operands | undefined): TypedPositionalParameters<string[], CliContext> {
  const parameter = ({ placeholder, brief }: Operand) => ({ placeholder, brief, parse: String });
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
