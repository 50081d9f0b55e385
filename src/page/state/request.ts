import { signal as makeSignal } from '@preact/signals';
import type { ErrorAnswer } from '../../serve/protocol.ts';
import { authorization } from './session.ts';

/** A refusal of the server, in its own words. */
export class RequestError extends Error {
  readonly status: number;
  readonly details: readonly string[];

  constructor(status: number, message: string, details: readonly string[] = []) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

/** Whether the same question may be answered later: the server did not answer, or could not at the moment. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof RequestError)) return false;
  // 501: this server never will.
  return error.status === 0 || (error.status >= 500 && error.status !== 501);
}

/** Options of a question; those that are undefined are left out. */
export type RequestOptions = Readonly<Record<string, string | number | undefined>>;

/** Who answers the views: they do not know whether it is the server or a recording. */
export interface Answers {
  /** As {@link request}. */
  request(path: string, options: RequestOptions, signal?: AbortSignal): Promise<unknown>;
}

/** A recording that answers in place of the server; undefined for none. */
export const recordedAnswers = makeSignal<Answers | undefined>(undefined);

/** Whether the same question has another answer later: that of a recording stays. */
export function isChanging(): boolean {
  return recordedAnswers.peek() === undefined;
}

/**
 * The option that asks for a moment of the past: a recording has the sockets of each, the server only those of now.
 *
 * @param endMs of the time shown; undefined where that is up to now
 */
export function momentOption(endMs: number | undefined): RequestOptions {
  return isChanging() ? {} : { at: endMs };
}

/**
 * Asks who answers the views.
 *
 * @throws {RequestError} with the server's message; with status 0 when it does not answer
 */
export async function request<Answer>(
  path: string,
  options: RequestOptions = {},
  signal?: AbortSignal,
): Promise<Answer> {
  const recorded = recordedAnswers.value;
  if (recorded !== undefined) return (await recorded.request(path, options, signal)) as Answer;
  return askServer<Answer>(path, options, signal);
}

/** As {@link request}, of the server in any case. Addresses are relative to the page's: it may be below any path. */
export async function askServer<Answer>(
  path: string,
  options: RequestOptions = {},
  signal?: AbortSignal,
): Promise<Answer> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(options)) if (value !== undefined) query.set(name, String(value));
  const response = await send(`api/v1/${path}${query.size === 0 ? '' : `?${query}`}`, { signal });
  return (await response.json()) as Answer;
}

/** How a request is sent, beside its address. */
interface Sending {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  body?: string;
  signal?: AbortSignal | undefined;
  headers?: Record<string, string>;
}

/** As {@link request}, but the answer as it arrives. */
export async function send(
  address: string,
  { method = 'GET', signal, headers = {}, body }: Sending = {},
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, {
      method,
      headers: { ...authorization(), ...headers },
      cache: 'no-store',
      credentials: 'omit',
      ...(signal && { signal }),
      ...(body !== undefined && { body }),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new RequestError(0, 'socklens serve does not answer');
  }
  if (response.ok) return response;
  const answer = (await response.json().catch(() => undefined)) as Partial<ErrorAnswer> | undefined;
  throw new RequestError(
    response.status,
    answer?.error?.message ?? `status ${response.status}`,
    answer?.error?.details,
  );
}
