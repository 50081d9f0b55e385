import fs from 'node:fs';
import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import { SystemCallError, type SystemCalls } from './system-calls.ts';

/** Requests of ioctl_ns(2), include/uapi/linux/nsfs.h. */
const NS_GET_USERNS = 0xb701;
const NS_GET_PARENT = 0xb702;
const NS_GET_OWNER_UID = 0xb704;

/** Bytes of uid_t. The buffer is larger: system calls need memory outside V8's heap. */
const UID_BYTES = 4;
const BUFFER_BYTES = 128;

/** How deep user namespaces can be, kernel/user_namespace.c. */
const DEEPEST = 33;

/**
 * The user who made a user namespace, or the one around it that is directly below the reader's own: that user has every
 * capability over all that is in it.
 *
 * @param fd of a user namespace
 * @param own inode of the reader's own user namespace
 * @returns uid in the reader's user namespace; undefined for the reader's own, and for one that is not below it
 * @throws {SystemCallError}
 */
export function ownerBelow(calls: SystemCalls, fd: number, own: number): number | undefined {
  const opened: number[] = [];
  try {
    let inner = fd;
    if (fs.fstatSync(inner).ino === own) return undefined;
    for (let depth = 0; depth < DEEPEST; depth++) {
      const parent = parentOf(calls, inner);
      if (parent === undefined) return undefined;
      opened.push(parent);
      if (fs.fstatSync(parent).ino === own) return ownerOf(calls, inner);
      inner = parent;
    }
    return undefined;
  } finally {
    for (const each of opened) fs.closeSync(each);
  }
}

/**
 * The user namespace that a namespace of another kind belongs to.
 *
 * @returns a descriptor for the caller to close; undefined where it is not the reader's or below it
 * @throws {SystemCallError}
 */
export function userNamespaceOf(calls: SystemCalls, fd: number): number | undefined {
  return unlessOutside(() => calls.ioctl(fd, NS_GET_USERNS, undefined));
}

function parentOf(calls: SystemCalls, fd: number): number | undefined {
  return unlessOutside(() => calls.ioctl(fd, NS_GET_PARENT, undefined));
}

function ownerOf(calls: SystemCalls, fd: number): number {
  const uid = Buffer.alloc(BUFFER_BYTES);
  calls.ioctl(fd, NS_GET_OWNER_UID, uid);
  const bytes = uid.subarray(0, UID_BYTES);
  return HOST_LITTLE_ENDIAN ? bytes.readUInt32LE() : bytes.readUInt32BE();
}

/** The kernel shows no namespace above the reader's own: EPERM. */
function unlessOutside(open: () => number): number | undefined {
  try {
    return open();
  } catch (error) {
    if (error instanceof SystemCallError && error.code === 'EPERM') return undefined;
    throw error;
  }
}
