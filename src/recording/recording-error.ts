/** A file is not a recording, or this version cannot read it. The message is one line for after "FILE: ". */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}
