/** Hosts that never were, in a VictoriaMetrics: what `serve` of each would have sent. */

/** A host, and how it does. */
export interface SimulatedHost {
  name: string;
  /** Label `instance`; default the name with a port. */
  instance?: string;
  url?: string;
  containers: readonly string[];
  critical?: number;
  warning?: number;
  /** Open files of its fullest process, as a fraction of the limit. */
  fullest?: number;
  /** CLOSE_WAIT of each container. */
  closeWait?: (container: string, index: number) => number;
  /** Problems of its containers, by name. */
  problems?: Readonly<Record<string, { rule: string; severity: string }>>;
  /** Connections of its first container to peers, by name. */
  peers?: Readonly<Record<string, number>>;
  /** When the last sample was taken, milliseconds before now; absent for one that goes on. */
  endedMs?: number;
}

/** Samples of each series: from so long before now to so long after it, milliseconds, because tests take a while. */
const SAMPLED = { beforeMs: 60_000, afterMs: 1_200_000, everyMs: 30_000 };

/** Totals as `serve` sends them, and of each container CLOSE_WAIT alone. @returns how many series */
export async function importFleet(url: string, hosts: readonly SimulatedHost[], afterMs = SAMPLED.afterMs) {
  let series = 0;
  // Some megabytes at a time.
  for (let from = 0; from < hosts.length; from += 20) {
    const lines = hosts.slice(from, from + 20).flatMap((host) => linesOf(host, afterMs));
    series += lines.length;
    const response = await fetch(`${url}/api/v1/import`, { method: 'POST', body: lines.join('\n') });
    if (!response.ok) throw new Error(`import: ${response.status} ${await response.text()}`);
  }
  return series;
}

function linesOf(host: SimulatedHost, afterMs: number): string[] {
  const { name, instance = `${name}:9477`, containers } = host;
  const lastMs = Date.now() + (host.endedMs === undefined ? afterMs : -host.endedMs);
  const firstMs = Math.min(Date.now() - SAMPLED.beforeMs, lastMs - SAMPLED.beforeMs);
  const timestamps: number[] = [];
  for (let ms = firstMs; ms <= lastMs; ms += SAMPLED.everyMs) timestamps.push(ms);
  const lines: string[] = [];
  const add = (metricName: string, labels: Readonly<Record<string, string>>, value: number) => {
    const metric = { __name__: metricName, job: 'socklens', instance, ...labels };
    lines.push(JSON.stringify({ metric, values: timestamps.map(() => value), timestamps }));
  };
  add('socklens_build_info', { version: '1.0.0', node: 'v24', kernel: '6.1' }, 1);
  add('socklens_instance_info', { host: name, url: host.url ?? `https://${name}.example:7077` }, 1);
  add('socklens_host_containers', { runtime: 'docker' }, containers.length);
  const totals = { established: 120, listen: 12, time_wait: 400, close_wait: 0, syn_sent: 1, fin_wait_2: 2 };
  const closeWait = containers.map((container, index) => host.closeWait?.(container, index) ?? 0);
  totals.close_wait = closeWait.reduce((sum, count) => sum + count, 0);
  for (const [state, count] of Object.entries(totals)) add('socklens_host_sockets', { protocol: 'tcp', state }, count);
  add('socklens_host_sockets', { protocol: 'udp' }, 40);
  const problems = { critical: host.critical ?? 0, warning: host.warning ?? 0, info: 0 };
  for (const [severity, count] of Object.entries(problems)) add('socklens_host_problems', { severity }, count);
  add('socklens_host_fullest_fds_ratio', {}, host.fullest ?? 0.1);
  add('socklens_host_conntrack_entries', {}, 1000);
  add('socklens_host_conntrack_entries_limit', {}, 262_144);
  add('socklens_oldest_snapshot_seconds', {}, 4);
  for (const [index, container] of containers.entries())
    add('socklens_container_sockets', { container, protocol: 'tcp', state: 'close_wait' }, closeWait[index] ?? 0);
  for (const [container, problem] of Object.entries(host.problems ?? {}))
    add('socklens_problems', { container, ...problem }, 1);
  for (const [peer, count] of Object.entries(host.peers ?? {}))
    add(
      'socklens_container_peer_connections',
      { container: containers[0] ?? '', peer, peer_port: '3306', direction: 'outbound' },
      count,
    );
  return lines;
}
