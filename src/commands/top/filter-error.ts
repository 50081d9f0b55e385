import { parseFilter } from '../../filter/parse.ts';
import { Failure } from '../../model/failure.ts';
import type { PromptError } from './view/state.ts';

/** Checks a filter. @returns undefined for a valid one */
export function filterError(text: string): PromptError | undefined {
  try {
    parseFilter(text, 'and-first');
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return promptError(error);
    throw error;
  }
}

/** A failure as the prompt shows it: the message, and the position that the marker line of its details points at. */
export function promptError({ message, details }: Failure): PromptError {
  const [, marks = '', expected] = details;
  const mark = /^ {2}( *)(\^+)$/.exec(marks);
  const text = [message.replace(/^filter: /, ''), expected?.trim()].filter((part) => part !== undefined).join('; ');
  if (mark === null) return { message: text };
  return { message: text, at: mark[1]?.length ?? 0, length: mark[2]?.length ?? 1 };
}
