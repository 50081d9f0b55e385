import type { Context } from 'hono';
import type { EventTap } from '../events/event-tap.ts';
import { acceptsGzip, refuse } from './answers.ts';
import type { AppParts } from './app-parts.ts';
import { eventStream } from './event-stream.ts';
import type { Streams } from './streams.ts';

/** Opens the live stream; a row that its page shows is sampled at every tick while it is open. */
export async function streamAnswer(context: Context, { collector, events, streams }: AppParts): Promise<Response> {
  if (streams.isFull) return refuseAnother(context);
  const container = context.req.query('container');
  // A filter that cannot be used is refused before anything is opened.
  const tap = context.req.query('events') === '1' ? await events.open(context.req.query('filter') ?? '') : undefined;
  const unwatch = container === undefined ? undefined : collector.watch(container);
  const first = {
    tick: collector.latest,
    container: container === undefined ? undefined : collector.containerAnswer(container),
  };
  return openStream(context, streams, {
    container,
    first,
    tap,
    onEnd: () => {
      unwatch?.();
      if (tap !== undefined) events.close(tap);
    },
  });
}

/** The stream of a page of many hosts: nothing comes but what concerns everybody, and it ends with the server. */
export function noticeStream(context: Context, streams: Streams): Response {
  if (streams.isFull) return refuseAnother(context);
  return openStream(context, streams, { container: undefined, first: { notice: [] }, tap: undefined, onEnd: () => {} });
}

/** @param reader.onEnd called once, when it leaves */
function openStream(
  context: Context,
  streams: Streams,
  reader: {
    container: string | undefined;
    first: Readonly<Record<string, unknown>>;
    tap: EventTap | undefined;
    onEnd: () => void;
  },
): Response {
  const opened = streams.open(reader.container, lastId(context), reader.first, reader.tap);
  const gzipped = acceptsGzip(context);
  const body = eventStream(opened.mailbox, gzipped, () => {
    streams.close(opened);
    reader.onEnd();
  });
  return new Response(body, {
    headers: {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
      ...(gzipped && { 'Content-Encoding': 'gzip' }),
    },
  });
}

function refuseAnother(context: Context): Response {
  return refuse(context, 503, 'too-many', 'too many pages are open');
}

function lastId(context: Context): number | undefined {
  const text = context.req.header('last-event-id') ?? context.req.query('last') ?? '';
  return /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}
