import type { JoinedColumns } from './column-joiner.ts';
import type { Edge, EdgeColumn, EdgeQuery, HistoryEdge, HistoryEdges, TimeRange } from './history.ts';
import type { Point } from './points.ts';

/** Names as numbers. */
interface Names {
  /** @returns undefined where there are too many */
  use(text: string, atMs: number): number | undefined;
  textOf(id: number): string | undefined;
}

/** Where values of edges are read from. */
interface EdgeValues {
  read(query: TimeRange & { points: number; subjects: undefined; series: undefined }): JoinedColumns;
}

/** What one value of an edge is: the client is the subject of its series. */
interface EdgeSeries {
  port: number;
  value: string;
  server: string;
}

/** The name of a series of edges: `5432/connections/database`. */
function seriesName({ port, value, server }: EdgeSeries): string {
  return `${port}/${value}/${server}`;
}

function parseSeriesName(name: string): EdgeSeries {
  const [port = '', value = '', ...server] = name.split('/');
  return { port: Number(port), value, server: server.join('/') };
}

/** Edges as values of series, by client and series. */
export function edgeValues(edges: readonly Edge[], names: Names, atMs: number): Map<number, Map<number, Point>> {
  const byClient = new Map<number, Map<number, Point>>();
  for (const { client, server, port, values } of edges) {
    const subject = names.use(client, atMs);
    if (subject === undefined) continue;
    let bySeries = byClient.get(subject);
    if (bySeries === undefined) {
      bySeries = new Map();
      byClient.set(subject, bySeries);
    }
    for (const [value, number] of values) {
      if (number === 0) continue;
      const series = names.use(seriesName({ port, value, server }), atMs);
      if (series !== undefined) bySeries.set(series, { mean: number, min: number, max: number });
    }
  }
  return byClient;
}

/** Edges of a part of the past, point by point. */
export function readEdges(store: EdgeValues, names: Names, query: EdgeQuery): Omit<HistoryEdges, 'gaps'> {
  const { fromMs, toMs, points, container } = query;
  const read = store.read({ fromMs, toMs, points, subjects: undefined, series: undefined });
  const edges = new Map<string, HistoryEdge & { series: EdgeColumn[] }>();
  for (const { subject, series, mean, min, max } of read.columns) {
    const client = names.textOf(subject);
    const name = names.textOf(series);
    if (client === undefined || name === undefined) continue;
    const { port, value, server } = parseSeriesName(name);
    if (container !== undefined && container !== client && container !== server) continue;
    const key = JSON.stringify([client, server, port]);
    const edge = edges.get(key) ?? { client, server, port, series: [] };
    edges.set(key, edge);
    edge.series.push({ name: value, mean, min, max });
  }
  return { fromMs: read.fromMs, stepMs: read.stepMs, points: read.points, edges: [...edges.values()] };
}
