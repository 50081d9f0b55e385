/**
 * Whether an address is the network namespace itself: each has its own `127.0.0.0/8` and `::1`, so that it tells nothing
 * of another one.
 *
 * @param plain as text, an IPv4 address without `::ffff:`
 */
export function isLoopback(plain: string): boolean {
  return plain.startsWith('127.') || plain === '::1';
}
