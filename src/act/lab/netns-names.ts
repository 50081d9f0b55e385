import fs from 'node:fs';

/** `/proc/PID/ns/net` as a name points to it. */
const TARGET = /^\/proc\/(\d+)\/ns\/net$/;

/**
 * Gives the namespace of a process a name among those of `ip netns`. It is a symbolic link and no
 * mount: it keeps nothing alive, so that the namespace still goes with its processes.
 *
 * @returns false where names cannot be made: the folder may not be written to, or the name is taken
 */
export function nameNetns(file: string, pid: number): boolean {
  try {
    fs.symlinkSync(`/proc/${pid}/ns/net`, file);
    return true;
  } catch {
    return false;
  }
}

/** Makes the folder of the names, where that is possible. */
export function makeNamesFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o755 });
  } catch {
    // Then there are no names: the processes can still be targets.
  }
}

/** Removes names of this kind whose processes are gone: a lab that was killed leaves such. */
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
