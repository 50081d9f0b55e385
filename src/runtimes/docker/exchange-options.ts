import type { HttpLimits } from './http-response.ts';
import type { ConnectUnix } from './unix-stream.ts';

/** How an Engine is asked. */
export interface ExchangeOptions {
  /** For the whole of a question, connecting included. */
  deadlineMs: number;
  limits: HttpLimits;
  /** The blocking way to a UNIX socket; undefined for Node's own. */
  connectUnix?: ConnectUnix | undefined;
}

/** An Engine that did not answer within the deadline. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}
