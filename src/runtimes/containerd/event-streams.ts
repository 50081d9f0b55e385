import { GRPC_STATUS, GrpcConnection, type GrpcLimits, GrpcStatusError } from './grpc.ts';

/** Delay before a stream that ended is opened again, milliseconds; doubled each time up to the longest. */
const AGAIN_MS = { first: 250, longest: 5000 };

/** How long a server has to refuse a stream, milliseconds: one that accepts it says nothing until the first event. */
const REFUSE_MS = 250;

/** A way to be told what changes. */
export interface EventStream {
  method: string;
  request: Uint8Array;
  metadata: Readonly<Record<string, string>>;
  /** Whether an event means that a container started or ended. @throws {ProtobufError} */
  concerns(event: Uint8Array): boolean;
}

/** Receives a runtime's events. */
export interface EventStreamListener {
  /** A stream was opened, or a container started or ended. */
  changed(): void;
  /** @param error why no stream could be opened; undefined when an open one ended */
  lost(error: Error | undefined): void;
  /** The runtime has no stream of events. */
  none(): void;
}

/**
 * Follows a runtime's events. A stream that ends, because the runtime was restarted, is opened again. Does not keep the
 * process alive.
 *
 * Events are hardly read: the listener takes an inventory, which is complete even when events were missed.
 *
 * @param streams the first that the runtime has is taken
 * @param path of the runtime's socket, asked for each time
 * @returns a function that ends this
 */
export function followStreams(
  streams: readonly EventStream[],
  path: () => string,
  limits: GrpcLimits,
  listener: EventStreamListener,
): () => void {
  let closed = false;
  let waitMs = AGAIN_MS.first;
  let timer: NodeJS.Timeout | undefined;
  let connection: GrpcConnection | undefined;

  const again = () => {
    timer = setTimeout(() => open(streams), waitMs);
    timer.unref();
    waitMs = Math.min(waitMs * 2, AGAIN_MS.longest);
  };
  const open = ([stream, ...others]: readonly EventStream[]) => {
    if (stream === undefined) {
      listener.none();
      return;
    }
    const { method, request, metadata, concerns } = stream;
    let isOpen = false;
    const accepted = () => {
      if (closed || isOpen) return;
      isOpen = true;
      clearTimeout(timer);
      listener.changed();
    };
    const current = new GrpcConnection(path(), limits);
    connection = current;
    current.stream(
      method,
      request,
      {
        opened() {
          timer = setTimeout(accepted, REFUSE_MS);
          timer.unref();
        },
        message(event) {
          waitMs = AGAIN_MS.first;
          accepted();
          if (!closed && concerns(event)) listener.changed();
        },
        ended(error) {
          clearTimeout(timer);
          current.close();
          if (closed) return;
          if (!isOpen && error instanceof GrpcStatusError && error.status === GRPC_STATUS.UNIMPLEMENTED) {
            open(others);
            return;
          }
          listener.lost(isOpen ? undefined : error);
          again();
        },
      },
      metadata,
    );
  };
  open(streams);
  return () => {
    closed = true;
    clearTimeout(timer);
    connection?.close();
  };
}
