import fs from 'node:fs';
import path from 'node:path';

/** Write permission for the group and for everyone else, chmod(2). An ACL's grants show as the group's. */
const S_IWGRP = 0o020;
const S_IWOTH = 0o002;

/**
 * The users whose files are believed: the one who runs this process, root, and where root runs it through
 * sudo(8) the one who called that.
 *
 * @param euid of this process
 */
export function trustedOwners(euid: number, env: Readonly<Record<string, string | undefined>>): ReadonlySet<number> {
  const owners = new Set([0, euid]);
  const { SUDO_UID } = env;
  if (euid === 0 && SUDO_UID !== undefined && /^\d{1,10}$/.test(SUDO_UID)) owners.add(Number(SUDO_UID));
  return owners;
}

/**
 * Opens a file that nobody named: whoever can write it, or put another in its place, decides what is read.
 *
 * @param file name in the working folder; a symbolic link is followed, and the folder that it leads to is
 *   checked as well
 * @returns a descriptor, to be closed; a sentence about what is wrong where it must not be read
 * @throws an error with an errno's name in `code` when it cannot be opened
 */
export function openTrusted(file: string, owners: ReadonlySet<number>): number | string {
  // Opening a FIFO would wait for a writer.
  const fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    const real = fs.realpathSync(file);
    const folders = new Set([fs.realpathSync(path.dirname(file)), path.dirname(real)]);
    const stats = fs.fstatSync(fd);
    const wrong =
      (stats.isFile() ? undefined : `${real} is not a regular file`) ??
      [...folders]
        .map((folder) => whyUntrusted(`the folder ${folder}`, folder, fs.statSync(folder), owners))
        .find(Boolean) ??
      whyUntrusted(real, real, stats, owners);
    if (wrong === undefined) return fd;
    fs.closeSync(fd);
    return wrong;
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

function whyUntrusted(
  what: string,
  where: string,
  { uid, mode }: fs.Stats,
  owners: ReadonlySet<number>,
): string | undefined {
  if (!owners.has(uid)) return `${what} belongs to user ${uid}, who is neither you nor root`;
  const [who, letter] =
    (mode & S_IWOTH) !== 0 ? ['everyone', 'o'] : (mode & S_IWGRP) !== 0 ? ['its group', 'g'] : [undefined, ''];
  if (who === undefined) return undefined;
  const shown = (mode & 0o7777).toString(8).padStart(4, '0');
  return `${what} can be written by ${who} (mode ${shown}; chmod ${letter}-w ${where})`;
}
