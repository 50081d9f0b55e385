import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { errnoOf } from '../../base/errno.ts';
import { Failure } from '../../model/failure.ts';
import { readSecret, writePrivate } from './private-file.ts';

/** Bytes of a token: 192 bits. */
const TOKEN_BYTES = 24;

/** What a token may be: it is part of a link and of a header. */
const TOKEN = /^[\w.~+/=-]{16,512}$/;

/** A new token. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/**
 * The token of a file, which is made where it is missing.
 *
 * @throws {Failure} `usage` for a file that others may read, or without a token in it
 */
export function tokenOf(file: string): string {
  try {
    return readToken(file);
  } catch (error) {
    if (errnoOf((error as Failure).cause) !== 'ENOENT') throw error;
  }
  const token = newToken();
  writePrivate(file, `${token}\n`);
  return token;
}

/** As {@link tokenOf}, of a file that must be there. */
export function readToken(file: string): string {
  const text = readSecret(file);
  if (TOKEN.test(text)) return text;
  throw new Failure('usage', `${file}: holds no token: one line of 16 to 512 letters, digits and -_.~+/=`);
}

/** What `serve --link` needs to know of a `serve` that runs. */
export interface RunningServe {
  /** `http://127.0.0.1:7077`. */
  url: string;
  pid: number;
  /** Absent where it has none. */
  token?: string;
}

const FILE = 'serve.json';

/** Writes where this `serve` listens, for its owner alone. @throws {Failure} */
export function writeRunning(data: string, running: RunningServe): void {
  writePrivate(path.join(data, FILE), `${JSON.stringify(running)}\n`);
}

/** Deletes what {@link writeRunning} wrote, unless another process has written it since. */
export function removeRunning(data: string, pid: number): void {
  try {
    if (readRunning(data).pid === pid) fs.unlinkSync(path.join(data, FILE));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}

/** @throws {Failure} `no-target` where none runs, `not-permitted` for another user */
export function readRunning(data: string): RunningServe {
  try {
    return JSON.parse(fs.readFileSync(path.join(data, FILE), 'utf8')) as RunningServe;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EACCES')
      throw new Failure('not-permitted', `${data}: only the user that serve runs as may read the link; run with sudo`);
    throw new Failure('no-target', `no serve runs with --data ${data}`, { cause: error });
  }
}
