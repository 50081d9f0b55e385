import { signal } from '@preact/signals';
import type { StreamEvents } from '../../serve/protocol/stream.ts';
import { readEvents, type StreamEvent } from './event-stream.ts';
import { container, receive } from './live.ts';
import { RequestError, send } from './request.ts';

/** How the page is connected to the server. */
export type Connection =
  | { state: 'connecting' }
  | { state: 'open' }
  /** The server does not know the token, or there is none. */
  | { state: 'refused' }
  /** No data since then; the next attempt is at {@link retryAtMs}. */
  | { state: 'lost'; sinceMs: number; retryAtMs: number; reason: string };

export const connection = signal<Connection>({ state: 'connecting' });

/** A tab that nobody sees lets go of its connection after this time: browsers have six of them for each server. */
const HIDDEN_MS = 30_000;
const LONGEST_PAUSE_MS = 15_000;
const EVENTS: readonly string[] = [
  ...(['tick', 'container', 'problems', 'notice', 'events'] satisfies (keyof StreamEvents)[]),
];

/** Why the server does not stream what the page wants: a filter that it cannot use. Then it streams the rest. */
export const streamFault = signal<{ message: string; details: readonly string[] } | undefined>(undefined);

/** What the stream is open for; undefined while it is closed. */
let current: { query: string; controller: AbortController } | undefined;
let wanted = '';
/** Whether nothing of the server is shown. */
let isResting = false;
let lastId = '';
let lostAtMs: number | undefined;
let attempts = 0;
let retry: ReturnType<typeof setTimeout> | undefined;
let hidden: ReturnType<typeof setTimeout> | undefined;

/** Keeps a stream open while the page is visible. */
export function stayConnected(): void {
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hidden);
    if (document.visibilityState === 'hidden') hidden = setTimeout(close, HIDDEN_MS);
    else if (current === undefined && !isResting) connect(wanted);
  });
  connect(wanted);
}

/**
 * Opens the stream, in place of the one that is open.
 *
 * @param query what it is wanted for beside the rows: parameters of the stream; empty for nothing
 */
export function connect(query: string): void {
  isResting = false;
  if (current?.query === query) return;
  close();
  if (query !== wanted) container.value = undefined;
  wanted = query;
  streamFault.value = undefined;
  open(query, query);
}

/** Whether what comes by the stream is for this. */
export function isStreaming(query: string): boolean {
  return current?.query === query;
}

/** @param asked the parameters that the server is asked with */
function open(query: string, asked: string): void {
  const controller = new AbortController();
  current = { query, controller };
  void run(asked, controller.signal).then(
    () => lose(controller, 'the connection was closed'),
    (error: unknown) => {
      const status = error instanceof RequestError ? error.status : 0;
      if (status === 401 || status === 403) refuse(controller);
      else if (status === 400 && asked !== '' && current?.controller === controller) {
        const { message, details } = error as RequestError;
        streamFault.value = { message, details };
        open(query, '');
      } else lose(controller, error instanceof RequestError ? error.message : 'the connection broke');
    },
  );
}

/** Closes the stream while a recording is shown. */
export function rest(): void {
  isResting = true;
  close();
}

/** Tries again at once, with the token of now. */
export function reconnect(): void {
  close();
  connect(wanted);
}

function close(): void {
  clearTimeout(retry);
  current?.controller.abort();
  current = undefined;
}

async function run(query: string, signal: AbortSignal): Promise<void> {
  const address = `api/v1/stream${query === '' ? '' : `?${query}`}`;
  const response = await send(address, { signal, headers: lastId === '' ? {} : { 'last-event-id': lastId } });
  if (response.body === null) throw new RequestError(0, 'the server sent no stream');
  await readEvents(response.body, (event) => take(event));
}

function take(event: StreamEvent): void {
  lastId = event.id;
  if (connection.peek().state !== 'open') connection.value = { state: 'open' };
  attempts = 0;
  lostAtMs = undefined;
  if (EVENTS.includes(event.name)) receive(event.name as keyof StreamEvents, JSON.parse(event.data));
}

function refuse(controller: AbortController): void {
  if (current?.controller !== controller) return;
  current = undefined;
  connection.value = { state: 'refused' };
}

function lose(controller: AbortController, reason: string): void {
  // Another one was opened, or the tab is hidden.
  if (current?.controller !== controller) return;
  current = undefined;
  lostAtMs ??= Date.now();
  const pause = Math.min(1000 * 2 ** attempts++, LONGEST_PAUSE_MS);
  connection.value = { state: 'lost', sinceMs: lostAtMs, retryAtMs: Date.now() + pause, reason };
  retry = setTimeout(reconnect, pause);
}
