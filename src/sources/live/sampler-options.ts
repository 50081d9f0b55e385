import type { PacketEventKind } from '../../model/socket/packet-event.ts';

/** What is sampled, how often and at which cost. */
export interface SamplerOptions {
  intervalMs: number;
  /** Duration after which it ends by itself, milliseconds; undefined for never. */
  forMs?: number | undefined;
  /** CPU budget for background namespaces, as a fraction of one core; default 0.03. */
  backgroundShare?: number | undefined;
  /**
   * Whether the budget for background namespaces is also charged with everything else that this process does; default
   * true. A process that answers requests would otherwise sample less while somebody asks.
   */
  chargesEverything?: boolean | undefined;
  /** How long the sockets of a background namespace stay unread where nothing moves, milliseconds; default ten minutes. */
  quietMs?: number | undefined;
  /**
   * What is known of a background namespace is not read again before it is so old, milliseconds, where connection events
   * tell what happens meanwhile; default 0, as often as the budget allows.
   */
  leastAgeMs?: number | undefined;
  /** CPU budget for everything, as a fraction of one core: intervals stretch to keep it. Undefined for no limit. */
  wholeShare?: number | undefined;
  /**
   * Whether connection events are received: adds an event to every socket closed in the namespaces. `exact` receives
   * those of the tracepoint, where it is permitted, and no others.
   */
  events: boolean | 'exact';
  /**
   * Whether only connection events are wanted: fails where they cannot be received, and ticks dump sockets only to
   * remember their owners.
   */
  eventsOnly?: boolean | undefined;
  /**
   * Kinds of packet events that are received: while there are any, programs run at each retransmission, reset or drop
   * of the host. Undefined for none. With them, connections have the time that they were in the accept queue, where
   * the kernel permits it.
   */
  packets?: readonly PacketEventKind[] | undefined;
  /**
   * Whether it is reported when one side of a connection closes, see `TickRequest.halfClosed`: another record of each
   * connection. Default false.
   */
  halfCloses?: boolean | undefined;
  /** The kernel's buffer for events, bytes: of a namespace, or of all; undefined for the default. */
  eventBufferBytes?: number | undefined;
  /** Whether a container as TARGET means its whole network namespace. */
  wholeNetns?: boolean | undefined;
  /** Whether addresses, ports and users get names. */
  names: boolean;
  /** Whether ticks have samples of the host. */
  host: boolean;
}
