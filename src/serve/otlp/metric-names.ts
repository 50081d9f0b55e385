import type { MetricFamily, MetricUnit } from '../metrics/metric-family.ts';

/** How a metric is called in OTLP. */
export interface OtlpMetric {
  name: string;
  /** Of the Unified Code for Units of Measure. */
  unit: string;
  /** Whether it is a sum that goes up and down, as numbers of connections are, which may be added up. */
  isUpDown: boolean;
}

/**
 * Metrics for which there are semantic conventions, or precedents in them. `system.*` is for the host alone, so that
 * `container.network.connection.count` follows it by analogy. Null: what the resource says.
 */
const CONVENTIONS: Readonly<Record<string, Partial<OtlpMetric> | null>> = {
  socklens_host_sockets: { name: 'system.network.connection.count', unit: '{connection}', isUpDown: true },
  socklens_container_sockets: { name: 'container.network.connection.count', unit: '{connection}', isUpDown: true },
  socklens_container_fullest_process_fds: { name: 'socklens.container.fd.count' },
  socklens_container_fullest_process_fds_limit: { name: 'socklens.container.fd.limit' },
  process_cpu_seconds_total: { name: 'process.cpu.time' },
  process_resident_memory_bytes: { name: 'process.memory.usage', isUpDown: true },
  process_open_fds: { name: 'process.unix.file_descriptor.count', isUpDown: true },
  process_max_fds: { name: 'socklens.process.fd.limit' },
  process_start_time_seconds: null,
  socklens_build_info: null,
  socklens_instance_info: null,
};

const UNITS: Readonly<Record<MetricUnit, string>> = {
  sockets: '{socket}',
  connections: '{connection}',
  descriptors: '{file_descriptor}',
  segments: '{segment}',
  entries: '{entry}',
  containers: '{container}',
  namespaces: '{namespace}',
  problems: '{problem}',
  events: '{event}',
  samples: '{sample}',
  messages: '{message}',
  seconds: 's',
  bytes: 'By',
  ratio: '1',
  flag: '1',
  info: '1',
};

/**
 * The name of a metric by OpenTelemetry's conventions; undefined for one that the resource has. Names of those without a
 * convention are ours with dots, without the suffixes that Prometheus adds again: `socklens.container.connections_opened`.
 */
export function otlpMetric({ name, unit }: Pick<MetricFamily, 'name' | 'unit'>): OtlpMetric | undefined {
  const convention = CONVENTIONS[name];
  if (convention === null) return undefined;
  const plain = name
    .replace(/_total$/, '')
    .replace(/_(seconds|bytes|ratio)$/, '')
    .replace(
      /^socklens_((container|host)_)?/,
      (_, __, scope?: string) => `socklens.${scope === undefined ? '' : `${scope}.`}`,
    );
  return { name: plain, unit: UNITS[unit], isUpDown: false, ...convention };
}

/** Labels as attributes of the semantic conventions; others are `socklens.LABEL`. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  namespace: 'k8s.namespace.name',
  pod: 'k8s.pod.name',
  pod_uid: 'k8s.pod.uid',
  container_id: 'container.id',
  runtime: 'container.runtime.name',
  image: 'container.image.name',
  protocol: 'network.transport',
  state: 'network.connection.state',
  peer: 'service.peer.name',
  peer_port: 'network.peer.port',
  port: 'network.local.port',
};

/** Attributes that are whole numbers. */
const NUMBERS: ReadonlySet<string> = new Set(['network.peer.port', 'network.local.port']);

/** The attributes of a series. */
export function otlpAttributes(
  labels: readonly (readonly [name: string, value: string])[],
): Record<string, string | number> {
  const isPod = labels.some(([name]) => name === 'pod');
  return Object.fromEntries(
    labels.map(([label, value]) => {
      const name =
        label === 'container'
          ? isPod
            ? 'k8s.container.name'
            : 'container.name'
          : (ATTRIBUTES[label] ?? `socklens.${label}`);
      return [name, NUMBERS.has(name) && /^\d+$/.test(value) ? Number(value) : value];
    }),
  );
}
