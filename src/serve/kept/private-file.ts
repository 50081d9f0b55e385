import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, reasonOf } from '../../base/errno.ts';
import { makeFolder } from '../../history/make-folder.ts';
import { Failure } from '../../model/failure.ts';

/** Longest secret, bytes. */
const MAX_SECRET_BYTES = 16 << 10;

/**
 * The text of a file that only its owner may read, without blanks around it.
 *
 * @throws {Failure} `usage` for a file that others may read, `not-permitted` where this process may not; the cause of one that
 *   cannot be read is the error of the file system
 */
export function readSecret(file: string): string {
  try {
    // Opening a FIFO would wait for a writer.
    const fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    try {
      const { mode, size } = fs.fstatSync(fd);
      if ((mode & 0o077) !== 0)
        throw new Failure(
          'usage',
          `${file}: others may read it (mode ${(mode & 0o777).toString(8)}); run chmod 600 ${file}`,
        );
      if (size > MAX_SECRET_BYTES) throw new Failure('usage', `${file}: holds more than a secret: ${size} bytes`);
      return fs.readFileSync(fd, 'utf8').trim();
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    const kind = errnoOf(error) === 'EACCES' ? 'not-permitted' : 'usage';
    throw new Failure(kind, `${file}: cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

/** Replaces a file at once; only its owner may read it. @throws {Failure} `usage` when it cannot be written */
export function writePrivate(file: string, text: string): void {
  const written = `${file}.${process.pid}`;
  try {
    makeFolder(path.dirname(file));
    fs.rmSync(written, { force: true });
    fs.writeFileSync(written, text, { mode: 0o600, flag: 'wx' });
    fs.renameSync(written, file);
  } catch (error) {
    throw new Failure('usage', `${file}: cannot be written: ${reasonOf(error)}`, { cause: error });
  }
}
