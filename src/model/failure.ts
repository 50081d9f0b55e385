/**
 * What kind of thing went wrong. The command line turns it into its exit status; a library's
 * caller can tell the kinds apart without reading the text.
 *
 * * `usage`: what was asked for makes no sense
 * * `no-target`: there is no such container, process or namespace, or it is not running
 * * `not-permitted`: the kernel or a file's mode refused; the text says which capability or file
 * * `unsupported`: this kernel or runtime cannot do it
 * * `fault`: a fault of socklens itself, or of the machine
 */
export type FailureKind = 'usage' | 'no-target' | 'not-permitted' | 'unsupported' | 'fault';

/** An error that a person can act on: one line that says what was tried, why it failed, what to do. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly kind: FailureKind;
  /** Lines to show below the message: a text that was typed and a mark under the place that is meant. Mostly none. */
  readonly details: readonly string[];

  constructor(kind: FailureKind, message: string, options: { cause?: unknown; details?: readonly string[] } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.kind = kind;
    this.details = options.details ?? [];
  }
}
