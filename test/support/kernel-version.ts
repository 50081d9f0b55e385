import fs from 'node:fs';

/** Whether the running kernel is at least of this version. */
export function kernelIsSince(major: number, minor: number): boolean {
  const [have = 0, next = 0] = fs.readFileSync('/proc/sys/kernel/osrelease', 'latin1').split('.').map(Number);
  return have > major || (have === major && next >= minor);
}
