import fs from 'node:fs';

/** Target of the symbolic link of a name. */
const TARGET = /^\/proc\/(\d+)\/ns\/net$/;

/**
 * Gives the network namespace of a process a name for `ip netns`. The name is a symbolic link instead of a mount, so
 * that the namespace still ends with its last process.
 *
 * @param file path of the name
 * @returns false when the name is taken or the folder cannot be written
 */
export function nameNetns(file: string, pid: number): boolean {
  try {
    fs.symlinkSync(`/proc/${pid}/ns/net`, file);
    return true;
  } catch {
    return false;
  }
}

/** Creates the folder of the names, where that is permitted. */
export function makeNamesFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o755 });
  } catch {
    // Without names the targets are pid:N.
  }
}

/** Removes a lab's names whose process has exited: a lab that was killed leaves them. @param prefix the lab's name */
export function removeStaleNames(folder: string, prefix: string): void {
  let names: string[];
  try {
    names = fs.readdirSync(folder);
  } catch {
    return;
  }
  for (const name of names.filter((name) => name.startsWith(`${prefix}-`))) {
    const file = `${folder}/${name}`;
    const pid = TARGET.exec(linkOf(file))?.[1];
    if (pid !== undefined && !fs.existsSync(`/proc/${pid}`)) fs.rmSync(file, { force: true });
  }
}

function linkOf(file: string): string {
  try {
    return fs.readlinkSync(file);
  } catch {
    return '';
  }
}
