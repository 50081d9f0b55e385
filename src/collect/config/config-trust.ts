import fs from 'node:fs';
import path from 'node:path';

/** Write permission of the group and of everyone else, chmod(2). The group bits include what an ACL grants. */
const S_IWGRP = 0o020;
const S_IWOTH = 0o002;

/**
 * Uids whose configuration files are trusted: root, the user of this process, and the caller of sudo(8) where
 * root runs it through that.
 *
 * @param euid effective uid of this process
 * @param env environment; SUDO_UID is believed only for root, because any user can set it
 */
export function trustedOwners(euid: number, env: Readonly<Record<string, string | undefined>>): ReadonlySet<number> {
  const owners = new Set([0, euid]);
  const { SUDO_UID } = env;
  if (euid === 0 && SUDO_UID !== undefined && /^\d{1,10}$/.test(SUDO_UID)) owners.add(Number(SUDO_UID));
  return owners;
}

/**
 * Opens a file that the user did not name, if only trusted users can write or replace it.
 *
 * @param file name in the working folder; a symbolic link is followed, and the folder of its target is checked as
 *   well
 * @param owners trusted uids
 * @returns a descriptor for the caller to close, or a clause with the reason why the file is not trusted
 * @throws an error with an errno's name in `code` when it cannot be opened
 */
export function openTrusted(file: string, owners: ReadonlySet<number>): number | string {
  // Opening a FIFO would wait for a writer.
  const fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    const real = fs.realpathSync(file);
    const folders = new Set([fs.realpathSync(path.dirname(file)), path.dirname(real)]);
    const stats = fs.fstatSync(fd);
    const reason =
      (stats.isFile() ? undefined : `${real} is not a regular file`) ??
      [...folders]
        .map((folder) => whyUntrusted(`the folder ${folder}`, folder, fs.statSync(folder), owners))
        .find(Boolean) ??
      whyUntrusted(real, real, stats, owners);
    if (reason === undefined) return fd;
    fs.closeSync(fd);
    return reason;
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
  if (!owners.has(uid)) return `${what} is owned by uid ${uid}, which is neither yours nor root's`;
  const [writer, letter] =
    (mode & S_IWOTH) !== 0 ? ['everyone', 'o'] : (mode & S_IWGRP) !== 0 ? ['its group', 'g'] : [undefined, ''];
  if (writer === undefined) return undefined;
  const shown = (mode & 0o7777).toString(8).padStart(4, '0');
  return `${what} is writable by ${writer} (mode ${shown}; run chmod ${letter}-w ${where})`;
}
