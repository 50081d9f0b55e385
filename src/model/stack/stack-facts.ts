/** Programs that are recognised from outside. */
export const STACK_NAMES = [
  ...['Go', 'Node.js', 'Python', 'Java', 'PHP-FPM', 'Ruby', 'Rust', '.NET', 'Erlang'],
  ...['nginx', 'HAProxy', 'PgBouncer', 'Redis', 'memcached', 'RabbitMQ', 'MariaDB', 'MySQL', 'PostgreSQL'],
] as const;

/** Name of a stack: a language with its libraries, or a server. */
export type StackName = (typeof STACK_NAMES)[number] & string;

/**
 * What a value rests on, the strongest first: told by the kernel or by the server's own state file; by the command line;
 * by the configuration file that the command line names; by a file at the product's default path; by the product's
 * manual.
 */
export const SETTING_PROOFS = ['running', 'command line', 'configuration file', 'default path', 'default'] as const;

export type SettingProof = (typeof SETTING_PROOFS)[number];

/** One setting of a program. Never a text that its owner chose: a number, or a word of the product. */
export interface StackSetting {
  /** As the product spells it: `max_connections`, `worker_connections`, `--keep-alive`. */
  name: string;
  /** A count, milliseconds where {@link unit} says so, or a word of an enumeration: `transaction`, `sync`. */
  value: number | string;
  unit?: 'ms';
  proof: SettingProof;
  /** File that it was read from, as the process itself sees it; absent for a command line and a default. */
  path?: string;
  /** Line in that file, from 1; absent for a binary file. */
  line?: number;
  /** True where the file was changed after the process started: the running value may be another. */
  changed?: boolean;
  /** What it belongs to, where a file has several: the name of a PHP-FPM pool. */
  of?: string;
}

/**
 * How a library is known: its code is in the program (`linked`), the process has mapped or opened it (`loaded`), it is
 * packed into a file that the process has opened (`packed`), lies beside it (`installed`), or only its name and version
 * were found (`bundled`, `locked`).
 */
export const LIBRARY_PROOFS = ['linked', 'loaded', 'packed', 'installed', 'bundled', 'locked'] as const;

export type LibraryProof = (typeof LIBRARY_PROOFS)[number];

/** A library of a program, one of the known ones. */
export interface StackLibrary {
  /** As its users call it: `go-sql-driver/mysql`, `mysql2`, `HikariCP`. */
  name: string;
  /** Absent where it is not known. */
  version?: string;
  proof: LibraryProof;
  /** Where it was read, as the process itself sees it. */
  path: string;
}

/** How many sessions of a database are in a state that holds others up. */
export interface DatabaseSessions {
  /** Those whose transaction is open while they do nothing: they keep their connection and their locks. */
  idleInTransaction: number;
  /** Those whose statement waits for a lock of another one. */
  waitingForLock: number;
}

/** What the program of one process is, as read from outside. */
export interface StackFacts {
  pid: number;
  /** Clock ticks from boot to the start of the process: with {@link pid} it is one process. */
  startTicks: number;
  /** Absent for a program that is not known. */
  stack?: StackName;
  /** Of the language's runtime or of the server; absent where it is not known. */
  version?: string;
  /** The executable as the process sees it; absent where it cannot be read. */
  path?: string;
  /** HTTP server or task queue that runs the application: `gunicorn`, `uvicorn`, `puma`; absent for none and unknown ones. */
  server?: string;
  libraries: readonly StackLibrary[];
  /** Each name once (for each {@link StackSetting.of}), with its strongest proof. */
  settings: readonly StackSetting[];
  /** Known functions that are proven to be missing in the program: nothing in it calls them. */
  absent: readonly string[];
  /** Processes that do the same work for one parent, this one included; absent where it does not apply. */
  workers?: number;
  /** Whether the program keeps HTTP connections of its clients open between requests; absent where it is not known. */
  keepsAlive?: boolean;
  /** Sessions of a PostgreSQL server at the moment of reading, by the titles of its processes; absent for other programs. */
  sessions?: DatabaseSessions;
  /** What had stopped the process at the moment of reading: a signal, or the freezer of its cgroup; absent where it runs. */
  stopped?: 'signal' | 'freezer';
  /** True where a cap of time or bytes ended reading: what is missing here may exist. */
  incomplete?: boolean;
}

/** A setting by its name; undefined where it is not known. */
export function settingOf({ settings }: StackFacts, name: string): StackSetting | undefined {
  return settings.find((setting) => setting.name === name);
}

/** A library by its name; undefined where it was not found. */
export function libraryOf({ libraries }: StackFacts, name: string): StackLibrary | undefined {
  return libraries.find((library) => library.name === name);
}

/**
 * Whether a value may become a number in a fix: it runs, or was given to the process and not changed since. A value of a
 * default path or of a manual is an assumption.
 */
export function isProven({ proof, changed }: StackSetting): boolean {
  if (proof === 'running' || proof === 'command line') return true;
  return proof === 'configuration file' && changed !== true;
}

/** A process whose program is asked for. */
export interface WantedProcess {
  pid: number;
  /** Clock ticks from boot to its start; absent where it is not known. */
  startTicks?: number | undefined;
}

/** What the programs of processes are. */
export interface StackAnswer {
  /** Those that are known, in the order in which they were asked for. */
  stacks: readonly StackFacts[];
  /** How many were not looked at because the time for all of them was used up. */
  leftOut: number;
}
