import { parseFilter } from '../../filter/parse.ts';
import { Failure } from '../../model/failure.ts';
import type { PromptMistake } from '../../present/top/state.ts';

/** What is wrong with a filter as it was typed; undefined for a good one. */
export function filterMistake(text: string): PromptMistake | undefined {
  try {
    parseFilter(text, 'and-first');
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return promptMistake(error);
    throw error;
  }
}

/** A failure as the prompt shows it: what the mark of its details stands under, and the sentence. */
export function promptMistake({ message, details }: Failure): PromptMistake {
  const [, marks = '', expected] = details;
  const mark = /^ {2}( *)(\^+)$/.exec(marks);
  const text = [message.replace(/^filter: /, ''), expected?.trim()].filter((part) => part !== undefined).join('; ');
  if (mark === null) return { message: text };
  return { message: text, at: mark[1]?.length ?? 0, length: mark[2]?.length ?? 1 };
}
