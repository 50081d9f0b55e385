/** A file that holds a network namespace: a bind mount of nsfs. */
export interface NetnsMount {
  /** Absolute path in the reader's mount namespace. */
  file: string;
  /** Inode of the network namespace. */
  netns: number;
}

/**
 * The network namespaces in `/proc/PID/mountinfo`, proc_pid_mountinfo(5), in its order:
 *
 *     531 25 0:4 net:[4026532290] /run/docker/netns/ingress_sbox rw shared:262 - nsfs nsfs rw
 *
 * The root of the mount names the namespace. Blanks in a path are written as octal numbers.
 */
export function parseNetnsMounts(mountinfo: string): NetnsMount[] {
  const mounts: NetnsMount[] = [];
  for (const line of mountinfo.split('\n')) {
    const [, netns, file] = /^\d+ \d+ \S+ net:\[(\d+)\] (\S+) .*? - nsfs /.exec(line) ?? [];
    if (netns !== undefined && file !== undefined) mounts.push({ file: unescapedPath(file), netns: Number(netns) });
  }
  return mounts;
}

/** A path of `/proc/PID/mountinfo`, in which blanks and backslashes are octal numbers. */
export function unescapedPath(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
