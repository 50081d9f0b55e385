import { unescapedPath } from './netns-mounts.ts';

/** Types of file systems whose server can be gone, on which a process then hangs in the kernel, without a signal. */
const REMOTE =
  /^(nfs\d?|cifs|smb\d?|9p|autofs|ceph|afs|coda|lustre|gpfs|beegfs|glusterfs|orangefs|pvfs2|ocfs2|gfs2|fuse|fuse\..+)$/;

/** A user's containers have their root on it. */
const LOCAL = /^fuse\.fuse-overlayfs$/;

/**
 * Mount points of `/proc/PID/mountinfo`, proc_pid_mountinfo(5), whose file system is over a network or in another
 * process:
 *
 *     42 22 0:37 / /mnt/share rw,relatime shared:21 - nfs4 10.0.0.9:/share rw
 *
 * @returns paths as the process sees them
 */
export function remoteMounts(mountinfo: string): string[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const type = after.split(' ', 1)[0] ?? '';
    const mountPoint = before.split(' ')[4];
    if (mountPoint === undefined || !REMOTE.test(type) || LOCAL.test(type)) return [];
    return [unescapedPath(mountPoint)];
  });
}
