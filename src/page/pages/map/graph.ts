import { EDGE_VALUES } from '../../../model/report/series-names.ts';
import { privateNetworkOf } from '../../../model/socket/private-network.ts';
import type { EdgeEndRow, EdgesAnswer } from '../../../serve/protocol/history.ts';

/** How ends are put together: by Compose project, pod namespace or ECS family; by container network; or not at all. */
export type Grouping = 'project' | 'network' | 'none';

/** What a group is. */
export type GroupKind = NonNullable<EdgeEndRow['projectKind']> | 'network';

/** One end of edges on the map. */
export interface MapNode {
  /** Unique: an end that is no row and is client and server is two nodes. */
  id: string;
  /** Of the row, the group, or what is none. */
  name: string;
  kind: 'row' | 'group' | 'external';
  /** Name of its group; empty for none. */
  group: string;
  /** Of a group that is one node: its rows. */
  members: readonly string[];
}

/** Connections from one node to a port of another, at every point. */
export interface MapEdge {
  id: string;
  client: string;
  server: string;
  port: number;
  service: string | undefined;
  columns: Partial<Record<keyof typeof EDGE_VALUES, Column>>;
}

/** One number of an edge by points: the mean, and the greatest value. */
export interface Column {
  mean: Float32Array;
  max: Float32Array;
}

/** Everything that the map may show of an answer, whatever the moment. */
export interface Graph {
  /** By id, in the order of their names. */
  nodes: ReadonlyMap<string, MapNode>;
  edges: readonly MapEdge[];
  /** Groups with at least one row, by name, with their kinds. */
  groups: ReadonlyMap<string, GroupKind | undefined>;
  points: number;
}

/** What of an answer is shown how. */
export interface GraphOptions {
  grouping: Grouping;
  /** Groups that are one node. */
  closed: ReadonlySet<string>;
  /** Whether an edge with this end is shown; those with either end are. */
  matches(name: string): boolean;
}

/** Private addresses of one side that are nodes of their own; more are their networks, and all where networks are asked for. */
const FEW = 8;

/** Makes nodes and edges of an answer. */
export function graphOf(answer: EdgesAnswer, options: GraphOptions): Graph {
  const rows = new Map(answer.rows.map((row) => [row.name, row]));
  const wanted = answer.edges.filter(({ client, server }) => options.matches(client) || options.matches(server));
  const few = options.grouping === 'network' ? 0 : FEW;
  const outside = {
    in: foldedNames(
      wanted.map(({ client }) => client).filter((name) => !rows.has(name)),
      few,
    ),
    out: foldedNames(
      wanted.map(({ server }) => server).filter((name) => !rows.has(name)),
      few,
    ),
  };
  const nodes = new Map<string, MapNode>();
  const groups = new Map<string, GroupKind | undefined>();
  const nodeOf = (name: string, side: 'in' | 'out'): MapNode => {
    const row = rows.get(name);
    const made = row === undefined ? externalNode(outside[side].get(name) ?? name, side) : rowNode(row, options);
    if (row !== undefined && made.group !== '')
      groups.set(made.group, options.grouping === 'network' ? 'network' : row.projectKind);
    const known = nodes.get(made.id);
    if (known === undefined) {
      nodes.set(made.id, made);
      return made;
    }
    const more = made.members.filter((member) => !known.members.includes(member));
    if (more.length > 0) nodes.set(made.id, { ...known, members: [...known.members, ...more].sort() });
    return known;
  };
  const edges = new Map<string, MapEdge>();
  for (const { client, server, port, service, columns } of wanted) {
    const [from, to] = [nodeOf(client, 'in').id, nodeOf(server, 'out').id];
    const id = `${from} ${to}:${port}`;
    const edge = edges.get(id) ?? { id, client: from, server: to, port, service, columns: {} };
    edges.set(id, edge);
    for (const { name, mean, max = mean } of columns) addColumn(edge, name, mean, max);
  }
  const sorted = [...nodes].sort(([a], [b]) => (a < b ? -1 : 1));
  return { nodes: new Map(sorted), edges: [...edges.values()], groups, points: answer.points };
}

/** What a row is grouped by; empty for nothing. */
export function groupOf({ project, network }: EdgeEndRow, grouping: Grouping): string {
  return (grouping === 'project' ? project : grouping === 'network' ? network : undefined) ?? '';
}

function rowNode(row: EdgeEndRow, { grouping, closed }: GraphOptions): MapNode {
  const { name } = row;
  const group = groupOf(row, grouping);
  if (group !== '' && closed.has(group))
    return { id: `group ${group}`, name: group, kind: 'group', group, members: [name] };
  return { id: `row ${name}`, name, kind: 'row', group, members: [] };
}

function externalNode(name: string, side: 'in' | 'out'): MapNode {
  return { id: `${side} ${name}`, name, kind: 'external', group: '', members: [] };
}

/** Whether a name of an end that is no row is an address. */
export function isAddress(name: string): boolean {
  return /^(\d+\.\d+\.\d+\.\d+|[\da-f]*:[\da-f:.]*)$/i.test(name);
}

/** By name; more than `few` addresses of one private network have its name. */
function foldedNames(names: readonly string[], few: number): Map<string, string> {
  const byNetwork = Map.groupBy(new Set(names.filter(isAddress)), privateNetworkOf);
  const folded = new Map<string, string>();
  for (const [network, addresses] of byNetwork) {
    if (addresses.length <= few && !names.includes(network)) continue;
    for (const address of addresses) folded.set(address, network);
  }
  return folded;
}

const NAMES: readonly string[] = Object.values(EDGE_VALUES);

function addColumn(
  edge: MapEdge,
  name: string,
  mean: readonly (number | null)[],
  max: readonly (number | null)[],
): void {
  // An older history has others.
  if (!NAMES.includes(name)) return;
  const key = name as keyof typeof EDGE_VALUES;
  const before = edge.columns[key];
  if (before === undefined) {
    edge.columns[key] = { mean: valuesOf(mean), max: valuesOf(max) };
    return;
  }
  for (let at = 0; at < mean.length; at++) {
    before.mean[at] = (before.mean[at] ?? 0) + (mean[at] ?? 0);
    before.max[at] = (before.max[at] ?? 0) + (max[at] ?? 0);
  }
}

function valuesOf(column: readonly (number | null)[]): Float32Array {
  return Float32Array.from(column, (value) => value ?? 0);
}

/** The latest point at which anything was measured; -1 for none. */
export function lastPoint({ edges, points }: Graph): number {
  for (let at = points - 1; at >= 0; at--) {
    if (edges.some(({ columns }) => Object.values(columns).some(({ max }) => (max[at] ?? 0) > 0))) return at;
  }
  return -1;
}
