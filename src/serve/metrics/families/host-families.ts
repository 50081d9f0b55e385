import { SEVERITIES } from '../../../model/finding/finding.ts';
import { NO_LABELS } from '../label-set.ts';
import type { MetricFamily } from '../metric-family.ts';
import { one } from './one-value.ts';

/** Sums and settings of the machine: few series, from which a page over many hosts is made. */
export const HOST_FAMILIES: readonly MetricFamily[] = [
  {
    name: 'socklens_unattributed_sockets',
    type: 'gauge',
    unit: 'sockets',
    help: 'Sockets in shared network namespaces that belong to no container of them; TCP by state',
    labels: ['protocol', 'state'],
    read: ({ unattributed }, emit) => unattributed.each(emit),
  },
  {
    name: 'socklens_host_sockets',
    type: 'gauge',
    unit: 'sockets',
    help: 'Sockets of everything that is watched; TCP by state',
    labels: ['protocol', 'state'],
    read: ({ hostSockets }, emit) => hostSockets.each(emit),
  },
  {
    name: 'socklens_host_containers',
    type: 'gauge',
    unit: 'containers',
    help: 'Running containers that are watched',
    labels: ['runtime'],
    read: ({ containers }, emit) => {
      for (const [runtime, count] of containers) emit(NO_LABELS.with('runtime', runtime), count);
    },
  },
  {
    name: 'socklens_host_problems',
    type: 'gauge',
    unit: 'problems',
    help: 'Problems that hold',
    labels: ['severity'],
    servedOnly: true,
    read: ({ problems }, emit) => {
      for (const severity of SEVERITIES) {
        const count = problems.filter((problem) => problem.severity === severity).length;
        emit(NO_LABELS.with('severity', severity), count);
      }
    },
  },
  {
    name: 'socklens_host_fullest_fds_ratio',
    type: 'gauge',
    unit: 'ratio',
    help: 'Open descriptors of the process that is closest to its own limit, as a fraction of it',
    labels: [],
    read: one(({ rows }) => {
      const ratios = rows.flatMap(({ row: { descriptors } }) =>
        descriptors?.limit ? [descriptors.used / descriptors.limit] : [],
      );
      return ratios.length === 0 ? undefined : ratios.reduce((a, b) => Math.max(a, b));
    }),
  },
  {
    name: 'socklens_host_conntrack_entries',
    type: 'gauge',
    unit: 'entries',
    help: 'Connections in the table of the connection tracker',
    labels: [],
    read: one(({ overview }) => overview.host.conntrack?.used),
  },
  {
    name: 'socklens_host_conntrack_entries_limit',
    type: 'gauge',
    unit: 'entries',
    help: 'How many connections that table holds',
    labels: [],
    read: one(({ overview }) => overview.host.conntrack?.limit),
  },
  {
    name: 'socklens_host_tcp_memory_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Memory of TCP buffers',
    labels: [],
    read: one(({ overview }) => overview.host.tcpMemory?.used),
  },
  {
    name: 'socklens_host_tcp_memory_limit_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Memory above which TCP gives buffers up',
    labels: [],
    read: one(({ overview }) => overview.host.tcpMemory?.limit),
  },
];
