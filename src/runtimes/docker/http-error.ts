/** Bytes that are no complete HTTP/1.1 answer. The message continues the sentence "the answer is none: …". */
export class HttpError extends Error {
  override readonly name = 'HttpError';
}
