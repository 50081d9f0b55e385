/**
 * Why a history cannot be used.
 *
 * * `locked`: another process has it open
 * * `newer`: a later version of socklens has written it
 * * `unusable`: it is not a history, is damaged, or may not be opened
 */
export type HistoryErrorKind = 'locked' | 'newer' | 'unusable';

/** A history that cannot be opened. The message is one line for a person. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError';
  readonly kind: HistoryErrorKind;

  constructor(kind: HistoryErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}
