import type { ClientRequest } from 'node:http';
import type { EngineAddress } from './engine-address.ts';
import type { HttpAnswer, HttpLimits } from './http.ts';
import { asHttpError, nodeRequest, readAnswer } from './node-request.ts';

/**
 * What changes which containers run, their names, or their addresses. Podman compares filters with its own words, `died`
 * and `remove`, although its answer has Docker's.
 */
const FILTERS = JSON.stringify({
  type: ['container', 'network'],
  event: ['start', 'die', 'died', 'destroy', 'remove', 'rename', 'connect', 'disconnect'],
});
const TARGET = `/events?filters=${encodeURIComponent(FILTERS)}`;

/** Delay before a stream that ended is opened again, milliseconds; doubled each time up to the longest. */
const AGAIN_MS = { first: 250, longest: 5000 };

/** Receives an Engine's events. */
export interface EngineEventsListener {
  /** The stream was opened, or an event was received. */
  changed(): void;
  /** The Engine answered with a status that is not 200. */
  refused(answer: HttpAnswer): void;
  /** The stream could not be opened. */
  failed(error: unknown): void;
  /** An open stream ended or broke: the Engine stops. */
  ended(): void;
}

/**
 * Follows an Engine's event stream (`GET /events`). A stream that ends, because the Engine was restarted, is opened
 * again. Does not keep the process alive.
 *
 * Events are not parsed: the listener takes an inventory, which is complete even when events were missed.
 *
 * @returns a function that ends this
 */
export function followEngineEvents(
  address: EngineAddress,
  limits: HttpLimits,
  listener: EngineEventsListener,
): () => void {
  let closed = false;
  let waitMs = AGAIN_MS.first;
  let timer: NodeJS.Timeout | undefined;
  let request: ClientRequest | undefined;

  const open = () => {
    let over = false;
    const retry = (notify: () => void) => {
      if (over || closed) return;
      over = true;
      request?.destroy();
      notify();
      timer = setTimeout(open, waitMs);
      timer.unref();
      waitMs = Math.min(waitMs * 2, AGAIN_MS.longest);
    };
    const failed = (error: unknown) => retry(() => listener.failed(asHttpError(error)));
    const ended = () => retry(() => listener.ended());
    try {
      request = nodeRequest(address, TARGET, limits);
    } catch (error) {
      failed(error);
      return;
    }
    request.on('socket', (socket) => socket.unref());
    request.on('error', failed);
    request.on('response', (response) => {
      if (response.statusCode !== 200) {
        readAnswer(response, limits).then((answer) => retry(() => listener.refused(answer)), failed);
        return;
      }
      const news = () => {
        if (closed) return;
        waitMs = AGAIN_MS.first;
        listener.changed();
      };
      news();
      response.on('data', news);
      response.on('error', ended);
      response.on('close', ended);
    });
    request.end();
  };
  open();
  return () => {
    closed = true;
    clearTimeout(timer);
    request?.destroy();
  };
}
