/** What CONFIG_HZ can be, kernel/Kconfig.hz and the architectures. */
const RATES = [100, 250, 300, 1000, 128, 256, 1024, 24, 48, 1200];
/** The kernel starts to count so long before 32 bits are used up: INITIAL_JIFFIES, include/linux/jiffies.h. */
const BEFORE_WRAP_S = 300;

/**
 * How many jiffies are a second, from both clocks at one moment: nothing else tells CONFIG_HZ to a program.
 *
 * @param jiffies 64 bits
 * @param monotonicNs CLOCK_MONOTONIC, which like jiffies starts at boot and stands still while the machine sleeps
 */
export function tickRate(jiffies: number, monotonicNs: number): number {
  const seconds = monotonicNs / 1e9;
  const off = (rate: number) => Math.abs(2 ** 32 + (seconds - BEFORE_WRAP_S) * rate - jiffies) / rate;
  return RATES.reduce((best, rate) => (off(rate) < off(best) ? rate : best));
}
