/** Programs whose work it is to hold connections for others. */
const PROXIES = /^(pgbouncer|pgpool|proxysql|maxscale|mysqlrouter|haproxy|envoy|nginx|traefik|docker-proxy|odyssey)/;

/** Whether a program is a proxy by its name: many connections are what it is for. */
export function isProxy(program: string | undefined): boolean {
  return program !== undefined && PROXIES.test(program);
}
