import { ArgumentScannerError } from '@stricli/core';
import type { CommandDocs } from '../commands/command.ts';
import { optionName } from '../commands/option.ts';

/** The fields of the library's argument errors. The bundle's minifier changes their class names. */
interface Fields {
  input?: string;
  corrections?: readonly string[];
  exception?: unknown;
  externalFlagName?: string;
  externalFlagNameOrPlaceholder?: string;
  previousInput?: string;
  placeholder?: string;
  expectedCount?: number;
}

/**
 * An error in the arguments, in one sentence.
 *
 * @param error thrown by the argument parser
 * @param command whose help the message refers to, for example `socklens ls`
 * @param docs of that command, which say what an argument that is missing may be; undefined for an unknown one
 */
export function argumentError(error: unknown, command: string, docs?: CommandDocs): string {
  if (!(error instanceof ArgumentScannerError)) return (error as Error).message;
  const see = `(see ${command} --help)`;
  const fields = error as ArgumentScannerError & Fields;
  const { input, corrections, exception, externalFlagName: option } = fields;
  if (exception !== undefined) {
    return `--${fields.externalFlagNameOrPlaceholder}: ${exception instanceof Error ? exception.message : exception}`;
  }
  if (corrections !== undefined) {
    const similar = corrections.map((name) => (name.startsWith('-') ? name : `--${name}`));
    const hint = similar.length > 0 ? `; did you mean ${similar.join(' or ')}?` : '';
    return `unknown option --${input}${hint} ${see}`;
  }
  if (fields.previousInput !== undefined) return `--${option} is given twice: "${fields.previousInput}", "${input}"`;
  if (option !== undefined && input === undefined) {
    const [, known] =
      Object.entries(docs?.options ?? {}).find(([name]) => optionName(name) === optionName(option)) ?? [];
    return `--${option} needs a value${available(known?.docs.choices)} ${see}`;
  }
  if (fields.placeholder !== undefined) {
    const operands = docs?.operands !== undefined && 'fixed' in docs.operands ? docs.operands.fixed : [];
    const known = operands.find(({ placeholder }) => placeholder === fields.placeholder);
    return `${fields.placeholder} is missing${available(known?.choices)} ${see}`;
  }
  if (fields.expectedCount !== undefined) return `unexpected argument "${input}" ${see}`;
  if (input !== undefined) return `unknown option -${input} ${see}`;
  return error.message;
}

function available(choices: readonly string[] | undefined): string {
  return choices === undefined ? '' : `; available: ${choices.join(', ')}`;
}
