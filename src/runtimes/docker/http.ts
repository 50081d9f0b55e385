import type { ConnectUnix } from './unix-stream.ts';

/** A complete answer, whatever its status. */
export interface HttpAnswer {
  status: number;
  /** Names in lower case; of a repeated one the last value. */
  headers: ReadonlyMap<string, string>;
  body: Buffer;
}

/** The most bytes that a header, and that a body, may have. */
export interface HttpLimits {
  header: number;
  body: number;
}

/** An Engine's list of thousands of containers has a few megabytes. */
export const HTTP_LIMITS: HttpLimits = { header: 64 * 1024, body: 64 * 1024 * 1024 };

/** Options of a request to an Engine. */
export interface ExchangeOptions {
  /** Time limit of connecting, request and answer together, milliseconds. */
  deadlineMs: number;
  limits: HttpLimits;
  /** The blocking way to a UNIX socket; undefined for Node's own. */
  connectUnix?: ConnectUnix | undefined;
}

/** An answer that is not a complete HTTP/1 answer. The message is a clause with the reason. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
}

/** An Engine that did not answer within the deadline. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}
