/**
 * Kind of a failure. The command line maps it to the exit status; callers of the library can distinguish
 * failures without parsing the message.
 *
 * * `usage`: the request is not valid
 * * `no-target`: there is no such container, process or namespace, or it is not running
 * * `not-permitted`: the kernel or a file mode refused access; the message names the capability or file
 * * `unsupported`: this kernel or runtime does not support the request
 * * `io`: a file, a disk or an output stream failed: no space left, an I/O error
 * * `fault`: an error in socklens
 */
export type FailureKind = 'usage' | 'no-target' | 'not-permitted' | 'unsupported' | 'io' | 'fault';

/** An error for the user. Its message is one line: what was tried, why it failed, what to do. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly kind: FailureKind;
  /** Lines to print below the message, such as the input with a caret under the wrong part; mostly empty. */
  readonly details: readonly string[];

  constructor(kind: FailureKind, message: string, options: { cause?: unknown; details?: readonly string[] } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.kind = kind;
    this.details = options.details ?? [];
  }
}
