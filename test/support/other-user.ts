import fs from 'node:fs';

const WANTED = 12_345;

/**
 * A user other than the one that runs the tests, for sockets of somebody else; undefined where this
 * user namespace knows no other (`unshare --map-root-user` maps a single one).
 */
export function otherUser(): number | undefined {
  for (const line of fs.readFileSync('/proc/self/uid_map', 'utf8').trim().split('\n')) {
    const [inside = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
    if (WANTED >= inside && WANTED < inside + count) return WANTED;
  }
  return undefined;
}

/** Why a test that needs {@link otherUser} is left out. */
export const NO_OTHER_USER = 'this user namespace has a single user';
