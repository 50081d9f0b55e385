import { limitShare } from '../model/container/limits.ts';
import type { Style } from './terminal/screen.ts';

/** Used part of a limit from which it is near: the default of NOFILE_NEAR_LIMIT. */
export const NEAR_SHARE = 0.8;
/** Used part of a limit: the defaults of NOFILE_NEAR_LIMIT. */
const SHARE = { warning: NEAR_SHARE, bad: 0.95 };
/** Connections in CLOSE_WAIT: the defaults of CLOSE_WAIT_LEAK. */
const CLOSE_WAIT = { warning: 10, bad: 100 };

/** The style of descriptors that are near their limit; undefined for others. */
export function descriptorStyle(use: { used: number; softLimit: number | null } | undefined): Style | undefined {
  return use && shareStyle(limitShare(use.used, use.softLimit) ?? 0);
}

/** The style of the used part of a limit; undefined for one that is not near. */
export function shareStyle(share: number): Style | undefined {
  return styleFrom(share, SHARE);
}

/** The style of a number of connections in CLOSE_WAIT; undefined for a handful. */
export function closeWaitStyle(count: number): Style | undefined {
  return styleFrom(count, CLOSE_WAIT);
}

/**
 * The style of a listener's accept queue that is full: the next connection is dropped (sk_acceptq_is_full).
 *
 * @param queued connections that wait for accept(2)
 * @param backlog their maximum
 */
export function acceptQueueStyle(queued: number | undefined, backlog: number | undefined): Style | undefined {
  return queued !== undefined && backlog !== undefined && queued > 0 && queued >= backlog ? 'bad' : undefined;
}

function styleFrom(value: number, { warning, bad }: { warning: number; bad: number }): Style | undefined {
  return value >= bad ? 'bad' : value >= warning ? 'warning' : undefined;
}
