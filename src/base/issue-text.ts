/** What a checker found wrong with a value: valibot's issue, the parts of it that are used. */
export interface Issue {
  /** What was expected and what was got: `Invalid type: Expected number but received "x"`. */
  message: string;
  /** Keys and indexes from the outermost; absent for the value itself. */
  path?: readonly { key: unknown }[] | undefined;
}

/** Longest part of a message: a value that is quoted can be of any length. */
const MAX_TEXT = 200;

/** An issue in one line, `pools.db:3306: Invalid type: Expected number but received "fifty"`. */
export function issueText({ message, path }: Issue, whole: string): string {
  const where = path?.map(({ key }) => String(key).slice(0, MAX_TEXT)).join('.') ?? whole;
  return `${where}: ${message.length > MAX_TEXT ? `${message.slice(0, MAX_TEXT)}…` : message}`;
}
