import type { Severity } from '../../model/finding/finding.ts';

/** What a receiver understands. */
export const RECEIVER_TYPES = ['slack', 'alertmanager', 'webhook', 'discord', 'ntfy'] as const;

/** See {@link RECEIVER_TYPES}. */
export type ReceiverType = (typeof RECEIVER_TYPES)[number];

/** Where alerts are sent, and when. */
export interface Receiver {
  /** As configured; names it in answers and notices. */
  name: string;
  type: ReceiverType;
  /** A secret: addresses of chats let everybody post who knows them. Only {@link hostOf} of it is shown. */
  url: string;
  /** The header `Authorization`, a secret; absent for none. */
  authorization?: string;
  /** Milder problems are not sent. */
  severity: Severity;
  /** How long a new problem must hold, and others of its rule are waited for, milliseconds. */
  waitMs: number;
  /** Between two messages about problems of one rule, milliseconds, unless all of them are over. */
  intervalMs: number;
  /** A problem that holds on is told again so often, milliseconds. */
  repeatMs: number;
}

/** Defaults of {@link Receiver}. */
export const RECEIVER_DEFAULTS = {
  severity: 'warning',
  waitMs: 30_000,
  intervalMs: 5 * 60_000,
  repeatMs: 4 * 3_600_000,
} as const;

/** The part of a receiver's address that is no secret. */
export function hostOf({ url }: Pick<Receiver, 'url'>): string {
  return new URL(url).host;
}
