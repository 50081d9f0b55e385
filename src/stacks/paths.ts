/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A path without its last part; empty for one in the root folder or without a folder. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** A path from a folder on; the path itself where it is absolute. Parts `.` are left out. */
export function joined(folder: string, path: string): string {
  const whole = path.startsWith('/') ? path : `${folder}/${path}`;
  return whole.replace(/\/(?:\.\/)+/g, '/').replace(/\/+/g, '/');
}

/** A folder and those above it, the nearest first, the root as an empty text; at most so many. */
export function upwards(folder: string, most: number): string[] {
  const folders: string[] = [];
  let at = folder.replace(/\/+$/, '');
  while (folders.length < most) {
    folders.push(at);
    if (at === '') break;
    at = folderOf(at);
  }
  return folders;
}
