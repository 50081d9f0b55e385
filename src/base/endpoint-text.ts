/** A host as it stands before a port or in a filter: an IPv6 address in brackets, anything else as it is. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** `10.0.0.1:80`, `[::1]:http`, `db:mysql`, `10.0.0.1:*` for port 0. */
export function formatEndpoint(host: string, port: number | string): string {
  return `${bracketed(host)}:${port === 0 ? '*' : port}`;
}
