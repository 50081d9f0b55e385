/** The program that a process runs, as far as it tells what it does with its limits. */
export interface Program {
  /** Path of `/proc/PID/exe` as the container sees it; undefined where it may not be read. */
  executable: string | undefined;
  /** The command name of at most 15 bytes. The process chose it. */
  name: string;
  /** True for a program that the Go compiler made. */
  isGo: boolean;
}

/** What a program does with its soft limit of open files when it starts. */
export interface ProgramClass {
  /** `Go`, `Node.js`, `HotSpot`, `Python`; the command name where none is known. */
  name: string;
  /** Whether it raises its soft limit itself; undefined where that is not known. */
  raisesSoftLimit: boolean | undefined;
  /** Why that is so, in half a sentence; undefined where it is not known. */
  how: string | undefined;
}
