/** How the lines of a recording ended. */
export interface LinesEnd {
  /** What made it unreadable; undefined where it ended. */
  error: Error | undefined;
}

/** Where a recording comes from: a file of this machine, or one that was dropped on a page. */
export interface RecordingInput {
  /** Names it in messages. */
  readonly name: string;
  /**
   * Its lines as text, from the first. Where it is cut off, complete lines are returned and a partial line at the end is
   * not. Bytes that cannot be unpacked or read end it too, with the error in `end`.
   *
   * @throws {Failure} `usage` when it cannot be opened
   */
  texts(end: LinesEnd): AsyncGenerator<string>;
}
