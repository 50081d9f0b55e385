import fs from 'node:fs';

const WANTED = 12_345;

/**
 * User id other than that of the tests; undefined where this user namespace has a single user
 * (`unshare --map-root-user`).
 */
export function otherUser(): number | undefined {
  for (const line of fs.readFileSync('/proc/self/uid_map', 'utf8').trim().split('\n')) {
    const [inside = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
    if (WANTED >= inside && WANTED < inside + count) return WANTED;
  }
  return undefined;
}

/** Reason for skipping a test that needs {@link otherUser}. */
export const NO_OTHER_USER = 'this user namespace has a single user';
