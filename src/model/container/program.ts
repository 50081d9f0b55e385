/** The program that a process runs: the facts that decide its {@link ProgramClass}. */
export interface Program {
  /** Target of `/proc/PID/exe`, a path in the container; undefined where it cannot be read. */
  executable: string | undefined;
  /**
   * Name of the process: its command name, at most 15 bytes, or `argv[0]` where that says nothing. Not safe for a
   * terminal: the process chose it.
   */
  name: string;
  /** Whether the Go compiler made the program. */
  isGo: boolean;
}

/** What a program does with its soft limit of open files when it starts. */
export interface ProgramClass {
  /** `Go`, `Node.js`, `HotSpot`, `Python`; the name of the process for an unknown program. */
  name: string;
  /** Whether it raises its own soft limit; undefined where unknown. */
  raisesSoftLimit: boolean | undefined;
  /** What it does with the limit, as a predicate for a sentence; undefined where unknown. */
  how: string | undefined;
}
