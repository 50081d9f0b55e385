import { reasonOf } from '../../base/errno.ts';

/** Where samples are sent. */
export interface PushTarget {
  /** `http://victoria:8428/api/v1/write`. */
  url: string;
  /** Bearer token; undefined for none. */
  token: string | undefined;
  version: string;
}

/** What came of sending. */
export type PushResult =
  | { kind: 'sent' }
  /** It would be refused again: it is given up. */
  | { kind: 'refused'; reason: string }
  /** It may arrive later. @property afterMs how long the receiver wants to be left alone; undefined where it does not say */
  | { kind: 'failed'; reason: string; afterMs: number | undefined };

/** A receiver that does not answer for so long is down, milliseconds. */
const TIMEOUT_MS = 10_000;

/** A receiver cannot ask to be left alone for longer, milliseconds. */
const MOST_AFTER_MS = 300_000;

/** Characters of an answer that are told. */
const REASON_CHARACTERS = 200;

/**
 * Sends one request of remote write 1.0. Redirects are not followed: samples go where they were sent.
 *
 * @param stop ends the attempt
 */
export async function pushRequest(
  { url, token, version }: PushTarget,
  body: Uint8Array,
  stop: AbortSignal,
): Promise<PushResult> {
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([stop, AbortSignal.timeout(TIMEOUT_MS)]),
      headers: {
        'content-encoding': 'snappy',
        'content-type': 'application/x-protobuf',
        'user-agent': `socklens/${version}`,
        'x-prometheus-remote-write-version': '0.1.0',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: Uint8Array.from(body),
    });
    text = await answer.text();
  } catch (error) {
    const { cause = error } = error as Error;
    return { kind: 'failed', reason: reasonOf(cause), afterMs: undefined };
  }
  const { status, ok } = answer;
  if (ok) return { kind: 'sent' };
  const reason = `${status} ${text.split('\n')[0] ?? ''}`.trim().slice(0, REASON_CHARACTERS);
  const isTemporary = status === 429 || status === 408 || status >= 500 || (status >= 300 && status < 400);
  if (!isTemporary) return { kind: 'refused', reason };
  return { kind: 'failed', reason, afterMs: afterMs(answer.headers.get('retry-after')) };
}

/** `Retry-After`: seconds, or a date. */
function afterMs(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MOST_AFTER_MS);
}
