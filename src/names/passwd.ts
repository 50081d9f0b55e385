/**
 * User names by uid from the text of `/etc/passwd`, passwd(5): the first line with a uid is used, as getpwuid(3) does.
 */
export function parsePasswd(text: string): Map<number, string> {
  const users = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name, , uid] = line.split(':');
    if (name && uid && /^\d+$/.test(uid) && !users.has(Number(uid))) users.set(Number(uid), name);
  }
  return users;
}

/** The uid of a user from the text of `/etc/passwd`; undefined for an unknown one. */
export function uidOf(text: string, user: string): number | undefined {
  for (const [uid, name] of parsePasswd(text)) if (name === user) return uid;
  return undefined;
}

/** The home folder of a user from the text of `/etc/passwd`; undefined for a uid without an entry. */
export function homeOf(text: string, uid: number): string | undefined {
  for (const line of text.split('\n')) {
    const [name, , number, , , home] = line.split(':');
    if (name && number === String(uid)) return home?.startsWith('/') ? home : undefined;
  }
  return undefined;
}
