import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Failure } from '../../model/failure.ts';
import { writePrivate } from './private-file.ts';

/** In the data folder. */
const FILE = 'instance-id';

/**
 * What tells this `serve` from another one on a host of the same name: machines that are copies of each other have
 * everything else in common. It stays the same while the data folder does.
 *
 * @param data the data folder
 * @returns eight hexadecimal digits; undefined where it cannot be kept
 */
export function instanceId(data: string): string | undefined {
  const file = path.join(data, FILE);
  try {
    const known = /^[0-9a-f]{8}$/m.exec(fs.readFileSync(file, 'utf8'))?.[0];
    if (known !== undefined) return known;
  } catch {
    // The first start.
  }
  const id = randomBytes(4).toString('hex');
  try {
    writePrivate(file, `${id}\n`);
    return id;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
