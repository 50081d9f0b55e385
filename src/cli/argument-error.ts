import { ArgumentScannerError } from '@stricli/core';

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
 */
export function argumentError(error: unknown, command: string): string {
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
  if (option !== undefined && input === undefined) return `--${option} needs a value ${see}`;
  if (fields.placeholder !== undefined) return `${fields.placeholder} is missing ${see}`;
  if (fields.expectedCount !== undefined) return `unexpected argument "${input}" ${see}`;
  if (input !== undefined) return `unknown option -${input} ${see}`;
  return error.message;
}
