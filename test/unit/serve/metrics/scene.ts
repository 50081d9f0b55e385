/** Rows and ticks for tests of metrics, as the collector has them. */
import type { WatchedContainer, WatchedNetns } from '../../../../src/model/netns/netns.ts';
import type { ConnectionEvent } from '../../../../src/model/socket/connection-event.ts';
import type { LaneCount } from '../../../../src/serve/collector/lanes.ts';
import { type SampledRow, sumOfRows } from '../../../../src/serve/collector/row-builder.ts';
import { Metrics, type MetricsOptions } from '../../../../src/serve/metrics/metrics.ts';
import type { ListeningPort, OverviewAnswer, ServedProblem } from '../../../../src/serve/protocol.ts';
import type { NetnsTick, Tick } from '../../../../src/sources/sample-source.ts';

/** A container with a namespace of its own, and what a tick has of it. */
export interface SceneContainer {
  row: SampledRow;
  container: WatchedContainer;
  lanes?: readonly LaneCount[];
  counters?: Record<string, number>;
  lost?: number;
}

/** A container by its name, with what a test says of its row. */
export function container(
  name: string,
  row: Partial<SampledRow> = {},
  labels: Record<string, string> = {},
): SceneContainer {
  const id = row.id ?? `id-of-${name}`;
  const runtime = row.runtime ?? 'docker';
  return {
    row: { id, name, runtime, status: 'running', ...row },
    container: { name, runtime, id, labels, addresses: [], pid: 1, cgroup: `/docker/${id}` },
  };
}

/** Connections to a peer, or from clients. */
export function lane(
  direction: 'in' | 'out',
  port: number,
  clients: Record<string, number>,
  address?: string,
): LaneCount {
  const count = Object.values(clients).reduce((sum, one) => sum + one, 0);
  const id = direction === 'in' ? `in tcp *:${port}` : `out tcp ${address}:${port}`;
  const own = address === undefined ? {} : { address };
  return {
    id,
    proto: 'tcp',
    direction,
    port,
    count,
    idle: 0,
    byState: {},
    clients: new Map(
      Object.entries(clients).map(([name, connections]) => [name, { count: connections, closeWait: 0 }]),
    ),
    ...own,
  };
}

/** Some of the kernel's counters. */
export const USUAL_COUNTERS = { TcpActiveOpens: 1234, TcpPassiveOpens: 99, TcpOutSegs: 123_456, TcpRetransSegs: 7 };

/** A listener with a full queue of one. */
export function portOf(number: number): ListeningPort {
  return { proto: 'tcp', address: '0.0.0.0', port: number, queue: 1, backlog: 128, drops: 0 };
}

/** A web service with a database, a cache and clients. */
export function usualContainer(index: number): SceneContainer {
  const byState = { ESTABLISHED: 20 + (index % 9), LISTEN: 1, CLOSE_WAIT: 1 + (index % 3) };
  return {
    ...container(`shop-api-${index}`, {
      sockets: { open: 30, timeWait: 12, byState, udp: 1, raw: 0 },
      descriptors: { pid: index, used: 70 + index, limit: 1024 },
      ports: [portOf(8080)],
      image: 'registry.example.org/shop/api:2026-11-30',
    }),
    lanes: [
      lane('out', 3306, { x: 10 }, '10.0.0.3'),
      lane('out', 6379, { x: 5 }, '10.0.0.4'),
      lane('in', 8080, { '10.0.0.9': 5 }),
    ],
    counters: USUAL_COUNTERS,
  };
}

/** An event of a connection, as far as metrics read it. */
export function event(more: Partial<ConnectionEvent>, rttUs?: number): ConnectionEvent {
  return {
    kind: 'closed',
    proto: 'tcp',
    atMs: 0,
    socket: { tcpInfoNumber: () => rttUs },
    ...more,
  } as unknown as ConnectionEvent;
}

/** Metrics over ticks that a test makes. */
export class MetricsScene {
  readonly metrics: Metrics;
  problems: ServedProblem[] = [];
  notKept: string[] = [];
  readonly names = new Map<string, string>();
  #latest: OverviewAnswer | undefined;
  #lanes = new Map<string, readonly LaneCount[]>();

  constructor(options: Partial<MetricsOptions> = {}) {
    this.metrics = new Metrics({
      latest: () => this.#latest,
      lanesOf: (name) => {
        const lanes = this.#lanes.get(name);
        return (
          lanes && {
            lanes,
            peaks: new Map(),
            netns: 1,
            owner: undefined,
            addresses: new Set(),
            ends: undefined,
            timeWait: undefined,
          }
        );
      },
      eventSource: 'tracepoint',
      problems: () => this.problems,
      history: () => ({ bytes: 4096, notKept: this.notKept }),
      url: () => 'http://127.0.0.1:7077',
      id: '0a1b2c3d',
      naming: { addresses: false, externalAddresses: 'keep' },
      histograms: false,
      isWatched: () => false,
      isServed: true,
      ...options,
    });
  }

  /** The namespace of a container: containers are numbered as they are given. */
  namespaceOf({ container: one }: SceneContainer, netns = 1): WatchedNetns {
    return { netns, name: one.name, targets: [one.name], host: false, containers: [one] };
  }

  tick(containers: readonly SceneContainer[], atMs = Date.now(), more: Partial<OverviewAnswer['host']> = {}): void {
    const rows = containers.map(({ row }) => row);
    this.#lanes = new Map(containers.flatMap(({ row, lanes }) => (lanes ? [[row.name, lanes]] : [])));
    const namespaces = containers.map((one, index): NetnsTick => {
      const { counters, lost = 0 } = one;
      return { namespace: this.namespaceOf(one, index + 1), lost, ...(counters && { counters }) };
    });
    this.#latest = {
      protocol: 1,
      atMs,
      host: { name: 'vm', kernel: '6.1', containers: rows.length, ...sumOfRows(rows), ...more },
      rows: rows.map((row) => ({ ...row, problems: {} })),
      serve: {
        version: '1.2.3',
        startedAtMs: 0,
        intervalMs: 1000,
        cpuShare: 0,
        doctorShare: 0,
        residentBytes: 0,
        streams: 0,
      },
      notes: [],
    };
    const names = {
      host: (address: string) => this.names.get(address),
      service: () => undefined,
      user: () => undefined,
    };
    const tick: Tick = { atMs, namespaces, containers: containers.map((one) => one.container), notes: [], names };
    this.metrics.tick(tick, rows);
  }

  /** Lines of the text format that begin with a name, sorted. */
  lines(name: string): string[] {
    const all = (this.metrics.text() ?? '').split('\n');
    return all.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `)).sort();
  }
}
