import fs from 'node:fs';

/**
 * The first bytes of a file, each as one character.
 *
 * @throws an error with an errno's name in `code`
 */
export function firstBytes(path: string, most: number): string {
  const fd = fs.openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(most);
    return bytes.toString('latin1', 0, fs.readSync(fd, bytes));
  } finally {
    fs.closeSync(fd);
  }
}

/** The text of a file that is no link, pipe or device; undefined where it cannot be read or has more bytes. */
export function regularFile(path: string, most: number): string | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = fs.constants;
  let fd: number | undefined;
  try {
    fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    const stat = fs.fstatSync(fd);
    if (!stat.isFile() || stat.size > most) return undefined;
    const bytes = Buffer.alloc(stat.size);
    return bytes.toString('utf8', 0, fs.readSync(fd, bytes));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/** What a JSON file has, not checked; undefined where {@link regularFile} is, and for other text. */
export function regularJson(path: string, most: number): unknown {
  return parsedJson(regularFile(path, most));
}

/** What a JSON text says, not checked; undefined for other text and without one. */
export function parsedJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
