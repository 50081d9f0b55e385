import type { WatchedNetns } from './netns.ts';

/**
 * Whether two with one inode are the same network namespace: the kernel can reuse the number of one that is gone. It
 * still has one of its containers, or without containers its name.
 */
export function isSameNetns(before: WatchedNetns, now: WatchedNetns): boolean {
  if (before === now) return true;
  if (now.containers.length === 0 || before.containers.length === 0) return before.name === now.name;
  return now.containers.some(({ id }) => before.containers.some((container) => container.id === id));
}
