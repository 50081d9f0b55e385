import { LabelSet, NO_LABELS } from '../label-set.ts';
import type { MetricFamily, MetricsView } from '../metric-family.ts';
import { one } from './one-value.ts';

/** Always 1, with its labels. The object stays the same while they do. */
function info(pairsOf: (view: MetricsView) => ConstructorParameters<typeof LabelSet>[0] | undefined) {
  let last: LabelSet | undefined;
  const read: MetricFamily['read'] = (view, emit) => {
    const pairs = pairsOf(view);
    if (pairs === undefined) return;
    const labels = new LabelSet(pairs);
    if (last?.text !== labels.text) last = labels;
    emit(last, 1);
  };
  return read;
}

const MS = 1000;

const TIERS = ['background', 'foreground'] as const;

/** What `serve` costs, and what it cannot see. */
export const SERVE_FAMILIES: readonly MetricFamily[] = [
  {
    name: 'socklens_coverage_gaps',
    type: 'gauge',
    unit: 'namespaces',
    help: 'Network namespaces of which something is not known, by reason',
    labels: ['reason'],
    read: ({ gaps }, emit) => {
      for (const [reason, count] of gaps) emit(NO_LABELS.with('reason', reason), count);
    },
  },
  {
    name: 'socklens_oldest_snapshot_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Age of the oldest numbers of sockets, now',
    labels: [],
    servedOnly: true,
    read: one(({ rows, overview, nowMs }) => {
      const times = rows.flatMap(({ row }) => row.snapshotAtMs ?? []);
      return Math.max(0, nowMs - times.reduce((a, b) => Math.min(a, b), overview.atMs)) / MS;
    }),
  },
  {
    name: 'socklens_snapshot_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'From the beginning of a sample of all network namespaces until its numbers were there, by whether a page shows one',
    labels: ['tier'],
    servedOnly: true,
    read: ({ tickDurations }, emit) => {
      for (const tier of TIERS) emit(NO_LABELS.with('tier', tier), tickDurations[tier]);
    },
  },
  {
    name: 'socklens_lost_events_total',
    type: 'counter',
    unit: 'events',
    help: 'How often the kernel dropped connection events that were not read in time',
    labels: [],
    servedOnly: true,
    read: one(({ lostEvents }) => lostEvents),
  },
  {
    name: 'socklens_cpu_budget_ratio',
    type: 'gauge',
    unit: 'ratio',
    help: 'CPU budget for network namespaces that no page shows, as a fraction of one core',
    labels: [],
    servedOnly: true,
    read: one(({ overview }) => overview.serve.budget?.share),
  },
  {
    name: 'socklens_refresh_slowed',
    type: 'gauge',
    unit: 'flag',
    help: '1 while snapshots are rarer to stay within that budget',
    labels: [],
    servedOnly: true,
    read: one(({ overview: { serve } }) => serve.budget && Number(serve.budget.stretched)),
  },
  {
    name: 'socklens_history_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Size of the history on disk',
    labels: [],
    servedOnly: true,
    read: one(({ history }) => history?.bytes),
  },
  {
    name: 'socklens_history_errors_total',
    type: 'counter',
    unit: 'samples',
    help: 'Samples of which the history could not keep something',
    labels: [],
    servedOnly: true,
    read: one(({ history }) => history?.errors),
  },
  {
    name: 'socklens_notifications_total',
    type: 'counter',
    unit: 'messages',
    help: 'Messages about problems to a receiver, by result',
    labels: ['receiver', 'result'],
    servedOnly: true,
    read: ({ notifications }, emit) => notifications.each(emit),
  },
  {
    name: 'socklens_push_samples_total',
    type: 'counter',
    unit: 'samples',
    help: 'Samples pushed by remote write, by result; a retried one counts again',
    labels: ['result'],
    servedOnly: true,
    read: ({ pushed }, emit) => pushed.each(emit),
  },
  {
    name: 'socklens_push_pending_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'What waits on disk to be pushed',
    labels: [],
    servedOnly: true,
    read: one(({ pushed }) => pushed.pendingBytes?.()),
  },
  {
    name: 'socklens_build_info',
    type: 'gauge',
    unit: 'info',
    help: 'Versions; always 1',
    labels: ['version', 'node', 'kernel'],
    read: info(({ overview: { serve, host } }) => [
      ['version', serve.version],
      ['node', process.versions.node],
      ['kernel', host.kernel],
    ]),
  },
  {
    name: 'socklens_instance_info',
    type: 'gauge',
    unit: 'info',
    help: 'Name of the host, where its page is, and what tells two hosts of one name apart; always 1',
    labels: ['host', 'url', 'id'],
    read: info(({ overview: { host }, url, id }) => [
      ['host', host.name],
      ['url', url],
      ['id', id],
    ]),
  },
  {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    unit: 'seconds',
    help: 'User and system CPU time of socklens',
    labels: [],
    servedOnly: true,
    read: one(({ ownProcess }) => ownProcess.cpuSeconds),
  },
  {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Resident memory of socklens',
    labels: [],
    servedOnly: true,
    read: one(({ ownProcess }) => ownProcess.residentBytes),
  },
  {
    name: 'process_start_time_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'When socklens started, seconds since the epoch',
    labels: [],
    servedOnly: true,
    read: one(({ ownProcess }) => ownProcess.startSeconds),
  },
  {
    name: 'process_open_fds',
    type: 'gauge',
    unit: 'descriptors',
    help: 'Open descriptors of socklens',
    labels: [],
    servedOnly: true,
    read: one(({ ownProcess }) => ownProcess.openDescriptors),
  },
  {
    name: 'process_max_fds',
    type: 'gauge',
    unit: 'descriptors',
    help: 'Soft limit of open files of socklens; no series where it is unlimited',
    labels: [],
    servedOnly: true,
    read: one(({ ownProcess }) => ownProcess.mostDescriptors),
  },
];
