import { errnoOfName } from '../../../base/errno.ts';
import { ClosedConnectionView } from '../../../model/socket/closed-connection-view.ts';
import { type EventKind, isFailure, type Outcome, type Remembered } from '../../../model/socket/connection-event.ts';
import type { SocketView } from '../../../model/socket/socket-view.ts';
import type { NetnsReader } from '../netns-reader.ts';
import { LiveEvent } from './live-event.ts';

const ECONNREFUSED = errnoOfName('ECONNREFUSED');

/** An event of the destroy multicast: the end of a connection. */
export class DestroyEvent extends LiveEvent {
  readonly source = 'sock_diag';
  readonly socket = new ClosedConnectionView();
  remembered: Remembered | undefined;
  outcome: Outcome = 'closed';
  /** When it was read. */
  atMs = 0;

  /** @param outcome of `outcomeOf`, with `mangled-child` decided @param atMs when the event was read */
  moveTo(
    namespace: NetnsReader,
    event: SocketView,
    remembered: Remembered | undefined,
    outcome: Outcome,
    atMs: number,
  ): this {
    this.forget();
    this.namespace = namespace;
    this.remembered = remembered;
    this.outcome = outcome;
    this.atMs = atMs;
    this.socket.moveTo(event, remembered);
    return this;
  }

  get kind(): EventKind {
    return isFailure(this.outcome) ? 'failed' : 'closed';
  }
  /** The kernel turns a reset in answer to a SYN into this error; what else ended an attempt is not told. */
  get errno(): number | undefined {
    return this.outcome === 'refused' ? ECONNREFUSED : undefined;
  }
  /** Unknown: an event has no start time. */
  get openedAtMs(): undefined {
    return undefined;
  }
  get closedBy(): undefined {
    return undefined;
  }
  get latencyUs(): undefined {
    return undefined;
  }
  get acceptWaitUs(): undefined {
    return undefined;
  }
  get opener(): undefined {
    return undefined;
  }
}
