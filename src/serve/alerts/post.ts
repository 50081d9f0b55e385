import { beginningOf, connectionReason, retryAfterOf, saidText } from '../outgoing-answers.ts';

/** A receiver that takes longer is given up by default, milliseconds. */
const TIMEOUT_MS = 5000;

/** Of an answer so much is read, bytes, and shown, characters. */
const ANSWER = { read: 4096, shown: 120 };

/** What became of a request. */
export type Outcome =
  | { kind: 'sent'; answer: Uint8Array }
  /** It will never be taken as it is. */
  | { kind: 'refused'; reason: string }
  /** Without a status where no answer came. */
  | { kind: 'failed'; reason: string; status: number | undefined; retryAfterMs: number | undefined };

/** What is sent, and the secrets that no text may contain. */
export interface Request {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string | Uint8Array<ArrayBuffer>;
  secrets: readonly string[];
  /** Absent for the default. */
  timeoutMs?: number;
}

/**
 * Sends one request and follows no redirect. It never throws: reasons name neither the address nor another secret.
 *
 * @param signal gives up early
 */
export async function post(
  { url, headers, body, secrets, timeoutMs = TIMEOUT_MS }: Request,
  signal: AbortSignal,
): Promise<Outcome> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const failed = (reason: string, status?: number, retryAfterMs?: number): Outcome => ({
    ...{ kind: 'failed', reason, status, retryAfterMs },
  });
  try {
    const response = await fetch(url, {
      ...{ method: 'POST', headers, body, redirect: 'manual' },
      signal: AbortSignal.any([timeout, signal]),
    });
    const { status, ok } = response;
    const answer = await beginningOf(response, ANSWER.read);
    if (ok) return { kind: 'sent', answer };
    if (status >= 300 && status < 400) return failed(`it redirects (${status}), which is not followed`, status);
    const said = saidText(answer.toString('utf8'), secrets, ANSWER.shown);
    const reason = said === '' ? `status ${status}` : `status ${status}: ${said}`;
    if (REFUSED.has(status)) return { kind: 'refused', reason };
    return failed(reason, status, retryAfterOf(response.headers.get('retry-after')));
  } catch (error) {
    if (timeout.aborted) return failed(`no answer within ${timeoutMs / 1000} s`);
    if (signal.aborted) return failed('given up');
    return failed(connectionReason(error));
  }
}

/** A request that is malformed or too large for the receiver; of other errors it may recover. */
const REFUSED: ReadonlySet<number> = new Set([400, 405, 406, 413, 414, 415, 422]);
