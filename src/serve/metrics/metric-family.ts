import type { OverviewAnswer, ServedProblem } from '../protocol.ts';
import type { Histogram } from './histogram.ts';
import type { LabelSet } from './label-set.ts';
import type { OwnProcess } from './own-process.ts';
import type { PushCounter } from './push-counter.ts';
import type { RowMetrics } from './row-metrics.ts';
import type { SentCounter } from './sent-counter.ts';
import type { SocketSeries } from './socket-series.ts';

/** What the values of a metric count or measure; `info` is always 1 and has what it says in its labels. */
export type MetricUnit =
  | 'sockets'
  | 'connections'
  | 'descriptors'
  | 'segments'
  | 'entries'
  | 'containers'
  | 'namespaces'
  | 'problems'
  | 'events'
  | 'samples'
  | 'messages'
  | 'seconds'
  | 'bytes'
  | 'ratio'
  | 'flag'
  | 'info';

/** Receives the series of a family: their labels, the same object as long as the series exists, and their values. */
export type EmitSeries = (labels: LabelSet, value: number | Histogram) => void;

/** One metric: a line of the table that the text format, the documentation, OTLP and push are made of. */
export interface MetricFamily {
  /** As in the text format: `socklens_container_sockets`; of a counter with `_total`. */
  name: string;
  /** Values of a histogram are a {@link Histogram}, those of the others numbers. Counters begin anew with `serve`. */
  type: 'gauge' | 'counter' | 'histogram';
  unit: MetricUnit;
  /** One sentence without a full stop. */
  help: string;
  /** Labels that its series may have; one without a value is left out. */
  labels: readonly string[];
  /** Exported only where it was chosen; absent for always. */
  optIn?: 'histograms';
  /** Whether only `serve` has it, because it takes time to know, or is about `serve`; `socklens metrics` leaves it out. */
  servedOnly?: true;
  /** Reads its series off the last tick. */
  read(view: MetricsView, emit: EmitSeries): void;
}

/** What metrics are read from: the last tick, and what was counted up to it. */
export interface MetricsView {
  overview: OverviewAnswer;
  /** Containers, the host and other namespaces; not what belongs to nobody. */
  rows: readonly RowMetrics[];
  unattributed: SocketSeries;
  hostSockets: SocketSeries;
  /** Numbers of containers by runtime. */
  containers: ReadonlyMap<string, number>;
  /** Problems that hold. */
  problems: readonly ServedProblem[];
  /** Labels of a row by its name; undefined for one that is not there. */
  labelsOf(name: string): LabelSet | undefined;
  /** Labels of problems that are no row's. */
  hostProblems: LabelSet;
  /** Namespaces by what of them is not known, `COVERAGE_GAPS`. */
  gaps: ReadonlyMap<string, number>;
  lostEvents: number;
  /** From the time of a tick until its numbers were there, seconds. */
  tickDurations: Readonly<Record<'foreground' | 'background', Histogram>>;
  /** Undefined where no history is kept. */
  history: { bytes: number; errors: number } | undefined;
  /** Links lead here; undefined for what listens nowhere. */
  url: string | undefined;
  /** See `MetricsOptions.id`. */
  id: string | undefined;
  notifications: SentCounter;
  pushed: PushCounter;
  ownProcess: OwnProcess;
  /** Milliseconds since the epoch. */
  nowMs: number;
}
