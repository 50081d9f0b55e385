import type { Socket } from 'node:net';
import type { EngineAddress } from './engine-address.ts';
import { connectEngine } from './stream-exchange.ts';

/** What changes which containers run, their names, or their addresses. */
const FILTERS = JSON.stringify({
  type: ['container', 'network'],
  event: ['start', 'die', 'destroy', 'rename', 'connect', 'disconnect'],
});

/** How long to wait before a stream that ended is opened again; doubled up to the longest. */
const AGAIN_MS = { first: 250, longest: 5000 };

/**
 * Follows an Engine's event stream (`GET /events`), for as long as it takes: one that ends, for the
 * Engine was restarted, is opened again. Does not keep the process alive.
 *
 * What an event says is not read: whoever hears of one takes an inventory, which is the truth whatever
 * was missed before.
 *
 * @param changed called for each event, and when the stream begins or ends
 * @returns ends it
 */
export function followEngineEvents(address: EngineAddress, host: string, changed: () => void): () => void {
  let closed = false;
  let waitMs = AGAIN_MS.first;
  let timer: NodeJS.Timeout | undefined;
  let socket: Socket | undefined;
  const open = () => {
    socket = connectEngine(address);
    socket.unref();
    let answered = false;
    socket.on('data', () => {
      answered = true;
      waitMs = AGAIN_MS.first;
      changed();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      if (closed) return;
      if (answered) changed();
      timer = setTimeout(open, waitMs);
      timer.unref();
      waitMs = Math.min(waitMs * 2, AGAIN_MS.longest);
    });
    socket.write(
      `GET /events?filters=${encodeURIComponent(FILTERS)} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: socklens\r\n\r\n`,
    );
  };
  open();
  return () => {
    closed = true;
    clearTimeout(timer);
    socket?.destroy();
  };
}
