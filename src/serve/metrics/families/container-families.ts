import type { LabelSet } from '../label-set.ts';
import type { EmitSeries, MetricFamily, MetricsView } from '../metric-family.ts';
import type { RowMetrics } from '../row-metrics.ts';

/** Labels of every series of a container. */
const OWN = ['container', 'namespace', 'pod'];

/** Reads a series of each row, or several. */
function ofRows(read: (row: RowMetrics, emit: EmitSeries) => void): MetricFamily['read'] {
  return ({ rows }, emit) => {
    for (const row of rows) read(row, emit);
  };
}

/** Reads one value of each row; a row where it is undefined has no series. */
function ofEachRow(measure: (row: RowMetrics) => number | undefined): MetricFamily['read'] {
  return ofRows((row, emit) => {
    const value = measure(row);
    if (value !== undefined) emit(row.labels, value);
  });
}

/** Metrics of each container, host and named namespace. */
export const CONTAINER_FAMILIES: readonly MetricFamily[] = [
  {
    name: 'socklens_container_sockets',
    type: 'gauge',
    unit: 'sockets',
    help: 'Sockets of a container; TCP by state',
    labels: [...OWN, 'protocol', 'state'],
    read: ofRows((row, emit) => row.sockets.each(emit)),
  },
  {
    name: 'socklens_container_fullest_process_fds',
    type: 'gauge',
    unit: 'descriptors',
    help: 'Open descriptors of the process that is closest to its own limit',
    labels: OWN,
    read: ofEachRow(({ row }) => row.descriptors?.used),
  },
  {
    name: 'socklens_container_fullest_process_fds_limit',
    type: 'gauge',
    unit: 'descriptors',
    help: 'Soft limit of open files of that process; no series for an unlimited one',
    labels: OWN,
    read: ofEachRow(({ row }) => row.descriptors?.limit ?? undefined),
  },
  {
    name: 'socklens_container_connections_opened_total',
    type: 'counter',
    unit: 'connections',
    help: 'TCP connections opened: attempts of its own (outbound), and accepted by the kernel for it (inbound)',
    labels: [...OWN, 'direction'],
    read: ofRows((row, emit) => {
      const opened = row.opened();
      if (opened === undefined) return;
      emit(row.labels.with('direction', 'inbound'), opened.inbound);
      emit(row.labels.with('direction', 'outbound'), opened.outbound);
    }),
  },
  {
    name: 'socklens_container_connections_closed_total',
    type: 'counter',
    unit: 'connections',
    help: 'TCP connections and attempts that ended, by how',
    labels: [...OWN, 'outcome'],
    servedOnly: true,
    read: ofRows((row, emit) => row.eachOutcome(emit)),
  },
  {
    name: 'socklens_container_peer_connections',
    type: 'gauge',
    unit: 'connections',
    help: 'TCP connections with a peer, those in TIME_WAIT left out; the five largest peers and the others together',
    labels: [...OWN, 'peer', 'peer_port', 'direction'],
    read: ofRows((row, emit) => row.peers.each((labels, count) => emit(labels, count))),
  },
  {
    name: 'socklens_container_peer_connections_peak',
    type: 'gauge',
    unit: 'connections',
    help: 'Highest number of TCP connections with a peer within the last minute',
    labels: [...OWN, 'peer', 'peer_port', 'direction'],
    servedOnly: true,
    read: ofRows((row, emit) => row.peers.each((labels, _, peak) => emit(labels, peak))),
  },
  {
    name: 'socklens_container_listener_queue',
    type: 'gauge',
    unit: 'connections',
    help: 'Connections that wait to be accepted',
    labels: [...OWN, 'port'],
    read: ofRows((row, emit) => row.listeners.each((labels, { queue }) => queue !== undefined && emit(labels, queue))),
  },
  {
    name: 'socklens_container_listener_queue_limit',
    type: 'gauge',
    unit: 'connections',
    help: 'How many connections may wait to be accepted',
    labels: [...OWN, 'port'],
    read: ofRows((row, emit) =>
      row.listeners.each((labels, { backlog }) => backlog !== undefined && emit(labels, backlog)),
    ),
  },
  {
    name: 'socklens_container_listen_overflows_total',
    type: 'counter',
    unit: 'connections',
    help: 'Attempts to connect that were dropped because the queue of a listener was full',
    labels: OWN,
    read: ofEachRow((row) => row.counter('TcpExtListenOverflows') ?? row.listeners.dropped),
  },
  {
    name: 'socklens_container_retransmitted_segments_total',
    type: 'counter',
    unit: 'segments',
    help: 'TCP segments sent again; no series where several share the network namespace',
    labels: OWN,
    read: ofEachRow((row) => row.counter('TcpRetransSegs')),
  },
  {
    name: 'socklens_container_sent_segments_total',
    type: 'counter',
    unit: 'segments',
    help: 'TCP segments sent, those sent again left out; no series where several share the network namespace',
    labels: OWN,
    read: ofEachRow((row) => row.counter('TcpOutSegs')),
  },
  {
    name: 'socklens_problems',
    type: 'gauge',
    unit: 'problems',
    help: 'Problems that hold, by the rule that found the cause; no series without one',
    labels: [...OWN, 'rule', 'severity'],
    servedOnly: true,
    read: readProblems,
  },
  {
    name: 'socklens_container_info',
    type: 'gauge',
    unit: 'info',
    help: 'What identifies a container elsewhere; always 1',
    labels: [...OWN, 'container_id', 'id', 'runtime', 'image', 'compose_project', 'compose_service', 'pod_uid'],
    read: ofRows((row, emit) => emit(row.info, 1)),
  },
  {
    name: 'socklens_container_connection_lifetime_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'How long closed TCP connections had lived, of those whose beginning was seen',
    labels: [...OWN, 'direction'],
    optIn: 'histograms',
    servedOnly: true,
    read: ofRows((row, emit) => row.eachLifetime(emit)),
  },
  {
    name: 'socklens_container_rtt_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Smoothed round-trip time of TCP connections when they were closed',
    labels: [...OWN, 'direction'],
    optIn: 'histograms',
    servedOnly: true,
    read: ofRows((row, emit) => row.eachRoundTrip(emit)),
  },
];

/** A problem in several rows is one of each; of the host when it is in none. */
function readProblems({ problems, labelsOf, hostProblems }: MetricsView, emit: EmitSeries): void {
  const counts = new Map<LabelSet, number>();
  for (const { rule, severity, containers } of problems) {
    const rows = new Set(containers.flatMap((name) => labelsOf(name) ?? []));
    for (const row of rows.size === 0 ? [hostProblems] : rows) {
      const labels = row.with('rule', rule, 'severity', severity);
      counts.set(labels, (counts.get(labels) ?? 0) + 1);
    }
  }
  for (const [labels, count] of counts) emit(labels, count);
}
