import fs from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { HistoryError } from './history-error.ts';

/** Marks a file as a history: `PRAGMA application_id`, the letters "slns". */
const APPLICATION_ID = 0x736c_6e73;

/**
 * Each makes the next version of the tables, from an empty file on. `PRAGMA user_version` is how many of them a file has.
 * A migration that was released is never changed.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, used_day INTEGER NOT NULL) STRICT;
  CREATE TABLE container (name INTEGER PRIMARY KEY, identity TEXT NOT NULL, facts TEXT NOT NULL, last_ms INTEGER NOT NULL)
    STRICT;
  CREATE TABLE chunk (
    id INTEGER PRIMARY KEY,
    tier INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    subject INTEGER NOT NULL,
    step INTEGER NOT NULL,
    points INTEGER NOT NULL,
    mean BLOB NOT NULL,
    extremes BLOB
  ) STRICT;
  CREATE INDEX chunk_place ON chunk (tier, slot, subject);
  CREATE TABLE gap (id INTEGER PRIMARY KEY, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, container TEXT, reason TEXT NOT NULL)
    STRICT;
  CREATE INDEX gap_end ON gap (to_ms);
  CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    container TEXT,
    text TEXT NOT NULL,
    details TEXT
  ) STRICT;
  CREATE INDEX event_time ON event (at_ms);
  CREATE TABLE problem (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    rule TEXT NOT NULL,
    severity TEXT NOT NULL,
    container TEXT,
    title TEXT NOT NULL,
    opened_ms INTEGER NOT NULL,
    resolved_ms INTEGER,
    details TEXT
  ) STRICT;
  CREATE INDEX problem_opened ON problem (opened_ms);
  CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE connections (
    id INTEGER PRIMARY KEY,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    counts TEXT NOT NULL,
    details TEXT NOT NULL
  ) STRICT;
  CREATE INDEX connections_end ON connections (to_ms);
  `,
];

/** The version of the tables that this program writes. */
export const HISTORY_VERSION = MIGRATIONS.length;

/** Size of the journal after a checkpoint, at most, bytes. */
export const MAX_JOURNAL = 4 << 20;

/** SQLite's result codes: https://sqlite.org/rescode.html. */
const SQLITE = { BUSY: 5, FULL: 13, IOERR: 10, READONLY: 8, NOTADB: 26, CORRUPT: 11 } as const;

/**
 * Opens the file of a history, makes it where it is missing, and brings its tables up to date. One process has it at a time.
 * What is committed survives the end of the process; the last commits may be lost when the machine loses its power.
 *
 * @throws {HistoryError}
 */
export function openDatabase(file: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    // Names and addresses are in there. SQLite gives its further files the mode of this one.
    fs.closeSync(fs.openSync(file, 'a', 0o600));
    database = new DatabaseSync(file);
    // The lock is taken by the first access, and kept.
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    check(database, file);
    // Before the first table; afterwards without effect.
    database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = NORMAL');
    // The journal is cut to it after each checkpoint.
    database.exec(`PRAGMA journal_size_limit = ${MAX_JOURNAL}`);
    migrate(database);
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof HistoryError) throw error;
    throw historyErrorOf(error, file);
  }
}

/** Refuses a file that is not for this program, before anything is written to it. */
function check(database: DatabaseSync, file: string): void {
  const version = pragma(database, 'user_version');
  const isOurs = pragma(database, 'application_id') === APPLICATION_ID;
  if (!isOurs && pragma(database, 'page_count') > 0 && tables(database) > 0) {
    throw new HistoryError('unusable', `${file}: a database of another program; use another --data folder`);
  }
  if (version > HISTORY_VERSION) {
    throw new HistoryError(
      'newer',
      `${file}: written by a newer version of socklens (format ${version}, this version knows up to ${HISTORY_VERSION}); use that version or another --data folder`,
    );
  }
}

function migrate(database: DatabaseSync): void {
  const version = pragma(database, 'user_version');
  for (let next = version; next < HISTORY_VERSION; next++) {
    database.exec('BEGIN IMMEDIATE');
    try {
      database.exec(MIGRATIONS[next] ?? '');
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
      database.exec(`PRAGMA user_version = ${next + 1}`);
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }
}

function tables(database: DatabaseSync): number {
  return Number(database.prepare("SELECT count(*) AS n FROM sqlite_master WHERE type = 'table'").get()?.n);
}

/** The value of a PRAGMA that is a number. */
export function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0] ?? 0);
}

/** SQLite's primary result code of an error; undefined for another error. */
function sqliteCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

/** Why a write failed, as a phrase; undefined for an error that is not the database's. */
export function writeFailure(error: unknown): string | undefined {
  const code = sqliteCode(error);
  if (code === undefined) return undefined;
  if (code === SQLITE.FULL) return 'the disk is full';
  if (code === SQLITE.READONLY) return 'the file may not be written';
  if (code === SQLITE.IOERR) return 'the disk reports an error';
  if (code === SQLITE.CORRUPT || code === SQLITE.NOTADB) return 'the file is damaged';
  return error instanceof Error ? error.message : String(error);
}

function historyErrorOf(error: unknown, file: string): Error {
  const code = sqliteCode(error);
  const reason = error instanceof Error ? error.message : String(error);
  if (code === SQLITE.BUSY) {
    return new HistoryError(
      'locked',
      `${file}: another socklens serve has it open; stop it or use another --data folder`,
      { cause: error },
    );
  }
  if (code === SQLITE.NOTADB || code === SQLITE.CORRUPT) {
    return new HistoryError(
      'unusable',
      `${file}: not a history of socklens, or damaged (${reason}); move it away to begin a new one`,
      { cause: error },
    );
  }
  return new HistoryError('unusable', `${file}: ${reason}`, { cause: error });
}
