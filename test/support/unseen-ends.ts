/** Ends of TCP connections for which the kernel runs no program. */

/**
 * Share of the ends that no program sees, and whose loss the kernel does not count: on some virtual machines it runs no
 * program while it interrupts their first process (docs/events.md). Measured on Linux 6.18, with a program that only
 * counts changes by states beside an ftrace instance at the same tracepoint, which has every change: the program lacked
 * those of 2 to 8 clients of 80,000, at a count of recursion misses of 0. They lack both FIN_WAIT1 to FIN_WAIT2 and
 * FIN_WAIT2 to CLOSE: the timer of a delayed acknowledgement makes both.
 */
const UNSEEN_ENDS = 1 / 20_000;

/** How many of `ends` a program may miss: the mean of the measured share and four standard deviations of a Poisson count. */
export function unseenAtMost(ends: number): number {
  const mean = ends * UNSEEN_ENDS;
  return Math.ceil(mean + 4 * Math.sqrt(mean));
}
