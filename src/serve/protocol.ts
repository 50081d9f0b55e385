/**
 * What `socklens serve` answers, as the page reads it. Types only. Times are milliseconds since the epoch, rates are per
 * second, states are spelled as netstat does. Texts that containers chose are not safe for a terminal or as markup.
 */
import type { EcsTask } from '../model/container/ecs-task.ts';
import type { PodOfContainer } from '../model/container/pod.ts';
import type { Finding, Severity } from '../model/finding/finding.ts';
import type { Ignored } from '../model/finding/ignored.ts';
import type { Problem } from '../model/finding/problem.ts';
import type { Incident } from '../sources/incidents/incident.ts';

/** Version of everything here; the page reloads itself where it expects another one. */
export type ProtocolVersion = 1;

/** TCP sockets and others of a row. */
export interface SocketNumbers {
  /** Those that cost a descriptor or a place in a queue: all but TIME_WAIT. */
  open: number;
  /** Left over by closed connections; never part of {@link open}. */
  timeWait: number;
  /** TCP sockets by state, TIME_WAIT not among them; a state without sockets is absent. */
  byState: Readonly<Record<string, number>>;
  udp: number;
  raw: number;
}

/** Numbers of problems by severity; a severity without problems is absent. */
export type ProblemNumbers = Readonly<Partial<Record<Severity, number>>>;

/** The process that is closest to its own limit of open files. */
export interface FullestProcess {
  pid: number;
  /** Its command name, at most 15 bytes; absent where it cannot be read. */
  command?: string;
  used: number;
  /** Soft limit; null for unlimited. */
  limit: number | null;
}

/** Where a limit of a number comes from: it was seen to refuse, read from a file or the kernel, or is a default. */
export type CeilingKind = 'observed' | 'set' | 'assumed';

/** A listening socket, those on the same address and port together. */
export interface ListeningPort {
  proto: string;
  address: string;
  port: number;
  /** Name of the service of the port; absent where none is known. */
  service?: string;
  /** Connections that wait to be accepted, and how many may; absent where the source does not know them. */
  queue?: number;
  backlog?: number;
  /** Connections dropped here since it listens; absent where unknown. */
  drops?: number;
  /** `PID/name`; absent where unknown. */
  process?: string;
}

/** The peer with the most sockets of a row. */
export interface BusiestPeerRow {
  /** Its address, and a name where one is known. */
  address: string;
  name?: string;
  /** Port of the peer; absent for a client (`in`), because clients' ports differ. */
  port?: number;
  service?: string;
  direction: 'in' | 'out';
  /** Without those in TIME_WAIT. */
  count: number;
}

/** A row of the overview: a container, the host, a named namespace, or what belongs to nobody in a shared one. */
export interface ContainerRow {
  /** Identifies the row while it exists: a container's id, or its name. */
  id: string;
  /** Names it in links, in the history, and as TARGET. */
  name: string;
  /** `docker`, `podman`, `containerd`, …; `netns`, `host`; `-` for the row of what belongs to nobody. */
  runtime: string;
  /** Name of the image as it was given to the runtime; absent where unknown. */
  image?: string;
  /** What it is grouped by: Compose project, ECS family, namespace of Kubernetes; absent for none. */
  project?: string;
  /** Its service, by its own name; absent for none. */
  service?: string;
  pod?: PodOfContainer;
  ecs?: EcsTask;
  /** Its container network, as its runtime calls it; `host` for the host's; of several all names, `back + front`. Absent where none is known. */
  network?: string;
  /** Names of the others in its network namespace; absent for none. */
  sharedWith?: readonly string[];
  /** One that stopped stays for ten minutes, without numbers. `not-read`: its numbers are unknown, or old; see {@link note}. */
  status: 'running' | 'stopped' | 'not-read';
  /** When it stopped; absent for one that did not. */
  stoppedAtMs?: number;
  /** Why it was not read, or what of it was not; absent for nothing. */
  note?: string;
  /** Absent before the first snapshot, and where it may not be read. */
  sockets?: SocketNumbers;
  /** Absent where no process is known or none can be read. */
  descriptors?: FullestProcess;
  /** TCP connections; absent where nothing tells. */
  openedPerSecond?: number;
  failedPerSecond?: number;
  closedPerSecond?: number;
  busiestPeer?: BusiestPeerRow;
  /** Those that are shown, the lowest port first; absent before the first snapshot. */
  ports?: readonly ListeningPort[];
  problems: ProblemNumbers;
  /** When its sockets were last read; absent before the first time. */
  snapshotAtMs?: number;
}

/** Sums and settings of the machine. */
export interface HostNumbers {
  name: string;
  kernel: string;
  containers: number;
  sockets: SocketNumbers;
  openedPerSecond?: number;
  failedPerSecond?: number;
  closedPerSecond?: number;
  conntrack?: { used: number; limit: number };
  /** Memory of TCP buffers, bytes. */
  tcpMemory?: { used: number; limit: number };
  /** Open files of the machine; absent where it has practically no limit. */
  files?: { used: number; limit: number };
}

/** What `serve` itself costs and cannot see. */
export interface ServeNumbers {
  version: string;
  startedAtMs: number;
  intervalMs: number;
  /** Of one core, over the last minute: all of the process, and its parts. */
  cpuShare: number;
  /** CPU budget for background namespaces, and whether it slowed snapshots down. */
  budget?: { share: number; stretched: boolean };
  /** Of one core, what judging took over the last minute. */
  doctorShare: number;
  residentBytes: number;
  /** What reports connections: `tracepoint`, `sock_diag`; absent where events are not received. */
  eventSource?: string;
  /** Absent where no history is kept. */
  history?: { bytes: number; keepMs: number };
  /** Pages that are connected. */
  streams: number;
}

/** `GET /api/v1/overview`, and the event `tick` of the stream. */
export interface OverviewAnswer {
  protocol: ProtocolVersion;
  /** Of the tick. */
  atMs: number;
  host: HostNumbers;
  rows: readonly ContainerRow[];
  serve: ServeNumbers;
  /** What was not read and what came or went since the last tick, as sentences. */
  notes: readonly string[];
}

/** A problem that was opened; as `doctor --json`, with the time that it held. */
export interface ServedProblem extends Problem {
  /** Stays the same while it holds, over a restart too. */
  id: string;
  openedAtMs: number;
  /** Absent while it holds. */
  resolvedAtMs?: number;
  /** Names of the rows that it concerns. */
  containers: readonly string[];
  /** Of its cause and its symptoms: {@link Problem.causes} and {@link Symptom.findings} are indexes of these. */
  findings: readonly Finding[];
}

/**
 * `GET /api/v1/problems`, and the event `problems` of the stream: those that hold, the worst first, then the last resolved
 * ones. With `from=MS&to=MS` those that held within that time, by the history too.
 */
export interface ProblemsAnswer {
  atMs: number;
  problems: readonly ServedProblem[];
  /** How long each rule takes at a time, milliseconds, and how often they run. */
  rules: readonly { rule: string; tookMs: number; findings: number; judged: boolean }[];
  /** Rules see this much of the past. */
  windowMs: number;
  everyMs: number;
  /** The entries `[[ignore]]` of the configuration, with what each left out of the last judgement. */
  ignored: readonly Ignored[];
  /** The configuration that `serve` reads: where such an entry is written. */
  configFile: string;
  /** Whether more problems are stored of the time that was asked for than the answer has; absent for no. */
  isCut?: boolean;
}

/** A number of a problem over time. */
export interface ProblemNumber {
  /** As `Evidence.what`. */
  what: string;
  unit?: string;
  /** At {@link ProblemCourse.times}; null where it was not among the numbers; of several places the highest. */
  values: readonly (number | null)[];
}

/** The numbers of a problem at its judgements: all of them, or the highest of two, four, … of a long one. */
export interface ProblemCourse {
  /** Milliseconds since the epoch, ascending. */
  times: readonly number[];
  numbers: readonly ProblemNumber[];
}

/** `GET /api/v1/problem?id=ID`. */
export interface ProblemAnswer {
  problem: ServedProblem;
  course: ProblemCourse;
}

/** How a receiver of alerts is. Its address and what authorizes it are secrets. */
export interface ReceiverAnswer {
  name: string;
  /** `slack`, `alertmanager`, `webhook`, `discord`, `ntfy`. */
  type: string;
  /** Host and port of its address. */
  to: string;
  /** Milder problems are not sent. */
  severity: Severity;
  /** Messages since the start: taken; not answered or answered with an error, each attempt; refused for good. */
  sent: number;
  failed: number;
  refused: number;
  /** When the last message was taken; absent before the first. */
  lastSentMs?: number;
  /** What went wrong with the last attempt; absent where nothing did. */
  error?: string;
  /** Problems that it was told of or will be: `pending` ones hold too short to be told yet, `resolved` ones are over and not told yet. */
  alerts: readonly { problem: string; title: string; state: 'pending' | 'firing' | 'resolved' }[];
}

/** `GET /api/v1/alerts`. */
export interface AlertsAnswer {
  /** As configured; empty where alerts are sent to nobody. */
  receivers: readonly ReceiverAnswer[];
}

/** `GET /api/v1/session`: what the page may do here. */
export interface SessionAnswer {
  protocol: ProtocolVersion;
  version: string;
  host: string;
  /** `--allow-actions`: whether it may close sockets and set limits. */
  actions: boolean;
  history: boolean;
  /** Whether it has the hosts of a store: beside this machine, or nothing else. */
  hosts: 'none' | 'too' | 'only';
}

/** What was kept of the last minutes. */
export type StoredIncident = Incident;

/** `GET /api/v1/incidents`: what was kept, the newest first, and what is being recorded. */
export interface IncidentsAnswer {
  incidents: readonly StoredIncident[];
  /** What is not kept at present, in sentences; empty when all is well. */
  notKept: readonly string[];
  /** The last minutes: their size and its limit, bytes, how much is kept, milliseconds, and their first tick; absent for none. */
  ring: { bytes: number; maxBytes: number; keepMs: number; fromMs?: number };
  /** Incidents that are kept, and their size together, bytes. */
  maxIncidents: number;
  maxIncidentBytes: number;
  /** An incident has this much of the time before its moment, and after it, milliseconds. */
  incidentMs: { before: number; after: number };
}

/** Something that concerns the whole page. */
export interface Notice {
  severity: 'critical' | 'warning' | 'info';
  text: string;
  /** What to do about it; absent for nothing. */
  hint?: string;
}

/** An answer of status 400 and above. */
export interface ErrorAnswer {
  error: {
    /** As `Failure.kind`, or `unauthorized`, `forbidden`, `not-found`, `too-large`, `too-many`. */
    kind: string;
    message: string;
    /** As `Failure.details`. */
    details?: readonly string[];
  };
}
