/** Bytes that are not gRPC's. The message is a clause with the reason. */
export class GrpcError extends Error {
  override readonly name = 'GrpcError';
}

/**
 * Puts the messages of a stream together: a byte that says whether it is compressed, its length in four bytes, big
 * endian, and the message. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export class GrpcMessageReader {
  readonly #maxBytes: number;
  readonly #message: (bytes: Uint8Array) => void;
  #pieces: Uint8Array[] = [];
  #held = 0;

  /** @param maxBytes largest message that is accepted */
  constructor(maxBytes: number, message: (bytes: Uint8Array) => void) {
    this.#maxBytes = maxBytes;
    this.#message = message;
  }

  /** Whether a message has begun and is not complete. */
  get partial(): boolean {
    return this.#held > 0;
  }

  /** @throws {GrpcError} for a compressed message, which was not asked for, and for one over the limit */
  push(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#held += bytes.length;
    for (;;) {
      if (this.#held < PREFIX_BYTES) return;
      const first = this.#first(PREFIX_BYTES);
      const length = new DataView(first.buffer, first.byteOffset, first.byteLength).getUint32(1);
      if (first[0] !== 0) throw new GrpcError('a message is compressed');
      if (length > this.#maxBytes)
        throw new GrpcError(`a message has ${length} bytes; at most ${this.#maxBytes} are read`);
      const end = PREFIX_BYTES + length;
      if (this.#held < end) return;
      const whole = this.#first(end);
      this.#pieces = whole.length > end ? [whole.subarray(end)] : [];
      this.#held = whole.length - end;
      this.#message(whole.subarray(PREFIX_BYTES, end));
    }
  }

  /** The held bytes with at least `count` of them in one piece; copies pieces only where a message came in several. */
  #first(count: number): Uint8Array {
    const [first] = this.#pieces;
    if (first !== undefined && first.length >= count) {
      if (this.#pieces.length === 1 || count === PREFIX_BYTES) return first;
    }
    const whole = Buffer.concat(this.#pieces);
    this.#pieces = [whole];
    return whole;
  }
}

/** A message as it is sent: not compressed. */
export function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

const PREFIX_BYTES = 5;
