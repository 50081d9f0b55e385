/** Puts an IPv6 address into brackets, as it is written before a port or in a filter; leaves any other text unchanged. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Formats a host and a port: `10.0.0.1:80`, `[::1]:http`, `db:mysql`; `10.0.0.1:*` for port 0. */
export function formatEndpoint(host: string, port: number | string): string {
  return `${bracketed(host)}:${port === 0 ? '*' : port}`;
}
