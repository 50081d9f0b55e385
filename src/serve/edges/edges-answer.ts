import type { EdgeColumn, EdgeTick, History } from '../../history/history.ts';
import { mayNameService } from '../../model/socket/endpoint.ts';
import type { EdgeEndRow, EdgesAnswer } from '../protocol/history.ts';
import type { ContainerRow } from '../protocol.ts';

/** What the page asks of who talked to whom. */
export interface EdgesQuestion {
  /** Undefined for all. */
  container: string | undefined;
  fromMs: number;
  toMs: number;
  points: number;
}

/** What an end is grouped by, as the history keeps it beside other facts. */
export function groupingOf(row: Pick<ContainerRow, 'project' | 'pod' | 'ecs' | 'network'>): Grouping {
  const { project, network } = row;
  return {
    ...(project !== undefined && { project, projectKind: kindOf(row) }),
    ...(network !== undefined && { network }),
  };
}

function kindOf({ pod, ecs }: Pick<ContainerRow, 'pod' | 'ecs'>): NonNullable<Grouping['projectKind']> {
  if (ecs !== undefined) return 'ecs';
  return pod !== undefined ? 'pod' : 'compose';
}

type Grouping = Pick<EdgeEndRow, 'project' | 'projectKind' | 'network'>;

const KINDS = ['compose', 'ecs', 'pod'] as const;

/** Reads who talked to whom. @param serviceOf name of a port's service; undefined for none */
export function edgesAnswer(
  history: History,
  { container, fromMs, toMs, points }: EdgesQuestion,
  serviceOf: (port: number) => string | undefined,
): EdgesAnswer {
  const read = history.edges({ fromMs, toMs, points, ...(container !== undefined && { container }) });
  return {
    fromMs,
    toMs,
    stepMs: read.stepMs,
    firstMs: read.fromMs,
    points: read.points,
    edges: read.edges.map(({ client, server, port, series }) => ({
      ...withService({ client, server, port }, serviceOf),
      columns: series.map(columnOf),
    })),
    rows: history.containers({ fromMs, toMs }).map(({ name, facts }) => {
      const { runtime = '', project, network } = facts;
      const projectKind = KINDS.find((known) => known === facts.projectKind);
      return {
        name,
        runtime,
        ...(project !== undefined && { project }),
        ...(projectKind && { projectKind }),
        ...(network !== undefined && { network }),
      };
    }),
    gaps: read.gaps.map(({ fromMs: from, toMs: to, reason }) => ({ fromMs: from, toMs: to, reason })),
  };
}

/** Who talks to whom now, where no history is kept: one point. */
export function latestEdgesAnswer(
  { atMs, edges }: EdgeTick,
  rows: readonly ContainerRow[],
  container: string | undefined,
  serviceOf: (port: number) => string | undefined,
): EdgesAnswer {
  const wanted = edges.filter(
    ({ client, server }) => container === undefined || client === container || server === container,
  );
  return {
    fromMs: atMs,
    toMs: atMs + 1,
    stepMs: 10_000,
    firstMs: atMs,
    points: 1,
    edges: wanted.map(({ client, server, port, values }) => ({
      ...withService({ client, server, port }, serviceOf),
      columns: [...values].map(([name, value]) => ({ name, mean: [rounded(value)] })),
    })),
    rows: rows.map((row) => ({ name: row.name, runtime: row.runtime, ...groupingOf(row) })),
    gaps: [],
  };
}

function withService(
  edge: { client: string; server: string; port: number },
  serviceOf: (port: number) => string | undefined,
) {
  const service = mayNameService(edge.port) ? serviceOf(edge.port) : undefined;
  return { ...edge, ...(service !== undefined && { service }) };
}

/** Without least values: what matters of an edge is how much there was. */
function columnOf({ name, mean, max }: EdgeColumn) {
  const isSame = mean.every((value, at) => Object.is(value, max[at]));
  return { name, mean: listOf(mean), ...(!isSame && { max: listOf(max) }) };
}

function listOf(values: Float64Array): (number | null)[] {
  return Array.from(values, (value) => (Number.isNaN(value) ? null : rounded(value)));
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
