import type { NetnsSample } from '../../model/sample/sample.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';

/** Since when sockets of one namespace have been in a state that only the application ends: from snapshot to snapshot, longer than samples are kept. */
export class WaitingSockets {
  /** By `StoredSocket.key`, milliseconds since the epoch. */
  since: ReadonlyMap<number, number> = new Map();

  /** Takes a sample that has sockets. */
  take({ atMs, sockets }: NetnsSample): void {
    const since = new Map<number, number>();
    sockets?.each((socket) => {
      const { proto, state, key } = socket;
      if (proto === 'tcp' && (state === TCP_STATE.CLOSE_WAIT || state === TCP_STATE.FIN_WAIT2))
        since.set(key, this.since.get(key) ?? atMs);
    });
    this.since = since;
  }
}
