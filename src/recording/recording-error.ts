/** What is no recording, or one that this version cannot read. The message is one line that continues "FILE: ". */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}
