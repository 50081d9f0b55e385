import type { ByteFile } from '../base/elf.ts';

/**
 * A process as it is seen from outside, read-only: a port, implemented over `/proc` and over fixtures. Everything is read
 * when it is asked for. What cannot be read, is not permitted or exceeds the caps is undefined or empty, never an error.
 * Its environment is not among it.
 */
export interface ProcessView extends RelatedProcess {
  startTicks: number;
  /** Working directory as the process sees it. */
  cwd: string | undefined;
  executable: ProgramFile | undefined;
  /** Soft limit of open files; Infinity for unlimited. */
  nofile: { soft: number; hard: number } | undefined;
  parent(): RelatedProcess | undefined;
  children(): readonly RelatedProcess[];
  /** The children of its parent, itself among them. */
  siblings(): readonly RelatedProcess[];
  /** Files that it has mapped, each once. */
  mapped(): readonly string[];
  /** Files that it has open. */
  opened(): readonly string[];
  /** A text file, as the process sees the path; relative ones from its working directory. */
  text(path: string): TextFile | undefined;
  /** A file that is read in pieces. */
  file(path: string): ByteFile | undefined;
  /** Names in a folder, in no order; a large one is cut. */
  folder(path: string): readonly string[] | undefined;
}

/** A process, its parent or its child. */
export interface RelatedProcess {
  pid: number;
  /** Command name, at most 15 bytes. */
  name: string;
  /**
   * Arguments; what a process writes over them is one text, without the padding behind it. They contain secrets: they
   * are compared with what is known, and never passed on.
   */
  argv: readonly string[];
}

/** The executable of a process. */
export interface ProgramFile extends ByteFile {
  /** As the process sees it. */
  path: string;
  /** Reads something of it once for all processes that run it. @param what name of what is read */
  once<T>(what: string, read: () => T): T;
}

/** A text file. */
export interface TextFile {
  path: string;
  text: string;
  /** Whether it was changed after the process started. */
  changed: boolean;
}
