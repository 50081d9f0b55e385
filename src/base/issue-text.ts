/** A validation error: the used parts of a valibot issue. */
export interface Issue {
  /** What was expected and what was received: `Invalid type: Expected number but received "x"`. */
  message: string;
  /** Keys and indexes from the outermost inwards; absent when the value itself is wrong. */
  path?: readonly { key: unknown }[] | undefined;
}

/** Characters of the message that are shown: it can quote a value of any length. */
const MAX_TEXT = 200;

/**
 * Formats an issue in one line: `pools.db:3306: Invalid type: Expected number but received "fifty"`.
 *
 * @param whole what to call the value itself
 */
export function issueText({ message, path }: Issue, whole: string): string {
  const where = path?.map(({ key }) => String(key).slice(0, MAX_TEXT)).join('.') ?? whole;
  return `${where}: ${message.length > MAX_TEXT ? `${message.slice(0, MAX_TEXT)}…` : message}`;
}
