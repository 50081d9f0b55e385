/** The private network that a private address is in: RFC 1918, 6598, 3927, 4193 and 4291, as `10.0.0.0/8`. */
export function privateNetworkOf(address: string): string {
  if (address.includes(':')) return /^f[cd]/i.test(address) ? 'fc00::/7' : 'fe80::/10';
  const [first = 0, second = 0] = address.split('.').map(Number);
  if (first === 10) return '10.0.0.0/8';
  if (first === 192) return '192.168.0.0/16';
  if (first === 172) return '172.16.0.0/12';
  if (first === 100) return '100.64.0.0/10';
  return `${first}.${second}.0.0/16`;
}
