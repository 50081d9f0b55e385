import type { Graph, MapNode } from './graph.ts';

/** Where everything is, pixels. */
export interface Layout {
  width: number;
  height: number;
  nodes: ReadonlyMap<string, Placed>;
  edges: ReadonlyMap<string, Path>;
  groups: readonly GroupBox[];
  /** What a later layout keeps. */
  kept: KeptPlaces;
}

/** A node's place: its upper left corner. */
export interface Placed {
  x: number;
  y: number;
}

/** The box around a group. */
export interface GroupBox {
  name: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The line of an edge, and where its number is. */
export interface Path {
  d: string;
  label: Placed;
}

/** Places of nodes by id, in columns and rows of their group: positions stay while edges come and go. */
export type KeptPlaces = ReadonlyMap<string, { group: string; column: number; row: number }>;

export const NODE = { width: 160, height: 46 } as const;

const MARGIN = 18;
/** Least distance of two columns, edge to edge. */
const COLUMN_GAP = 110;
const ROW_HEIGHT = 84;
const GROUP_HEAD = 40;
const GROUP_PADDING = 26;
const GROUP_GAP = 22;
/** Distance of the ends of two lines at one node, at most. */
const PORT_STEP = 9;
const SWEEPS = 4;

/**
 * Clients left to right to servers: the column of a row is the longest way to it from a client, externals are at the
 * edges. The same graph gives the same picture.
 *
 * @param width of the place it is shown in; the picture is wider where that is not enough
 * @param before places to keep
 */
export function layoutOf(graph: Graph, width: number, before: KeptPlaces = new Map()): Layout {
  const columns = columnsOf(graph);
  const kept = placesOf(graph, columns, before);
  const shift = [...graph.nodes.values()].some(({ id }) => id.startsWith('in ')) ? 1 : 0;
  const inner = Math.max(0, ...[...kept.values()].map(({ column }) => column + 1));
  const hasOut = [...graph.nodes.values()].some(({ id }) => id.startsWith('out '));
  const count = shift + inner + (hasOut ? 1 : 0);
  const needed = 2 * MARGIN + count * NODE.width + (count - 1) * COLUMN_GAP;
  const whole = Math.max(width, needed);
  const xOf = (column: number) =>
    count <= 1 ? MARGIN : MARGIN + (column * (whole - 2 * MARGIN - NODE.width)) / (count - 1);
  const { nodes, groups, height: rowsHeight } = rowPlaces(graph, kept, (column) => Math.round(xOf(column + shift)));
  const height = Math.max(rowsHeight, placeExternals(graph, nodes, Math.round(xOf(0)), Math.round(xOf(count - 1))));
  return { width: whole, height, nodes, groups, edges: pathsOf(graph, nodes), kept };
}

/** The column of each row and group, from 0. */
function columnsOf({ nodes, edges }: Graph): Map<string, number> {
  const inner = [...nodes.values()].filter(({ kind }) => kind !== 'external').map(({ id }) => id);
  const next = new Map(inner.map((id) => [id, new Set<string>()]));
  const degree = new Map(inner.map((id) => [id, 0]));
  for (const { client, server } of edges) {
    if (client === server || !next.has(client) || !next.has(server)) continue;
    next.get(client)?.add(server);
    degree.set(client, (degree.get(client) ?? 0) - 1);
    degree.set(server, (degree.get(server) ?? 0) + 1);
  }
  // Pure clients first, so that of a circle the edge back to them is the one that does not count.
  const order = inner.sort((a, b) => (degree.get(a) ?? 0) - (degree.get(b) ?? 0) || (a < b ? -1 : 1));
  const sorted = topological(order, next);
  const columns = new Map<string, number>();
  const rank = new Map(sorted.map((id, index) => [id, index]));
  const isForward = (from: string, to: string) => (rank.get(from) ?? 0) < (rank.get(to) ?? 0);
  for (const id of sorted) {
    const own = columns.get(id) ?? 0;
    columns.set(id, own);
    for (const to of next.get(id) ?? [])
      if (isForward(id, to)) columns.set(to, Math.max(columns.get(to) ?? 0, own + 1));
  }
  // A client that nobody calls is beside its nearest server.
  const called = new Set([...next.values()].flatMap((servers) => [...servers]));
  for (const id of sorted) {
    const servers = [...(next.get(id) ?? [])].filter((to) => isForward(id, to)).map((to) => columns.get(to) ?? 1);
    if (!called.has(id) && servers.length > 0) columns.set(id, Math.min(...servers) - 1);
  }
  return columns;
}

/** Depth first, in reverse order of completion. */
function topological(order: readonly string[], next: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const done: string[] = [];
  const seen = new Set<string>();
  const visit = (id: string): void => {
    if (seen.has(id)) return;
    seen.add(id);
    for (const to of [...(next.get(id) ?? [])].sort()) visit(to);
    done.push(id);
  };
  for (const id of order) visit(id);
  return done.reverse();
}

/** Columns and rows within groups: as before, and for new nodes next to what they talk to. */
function placesOf(graph: Graph, columns: ReadonlyMap<string, number>, before: KeptPlaces): KeptPlaces {
  const inner = [...graph.nodes.values()].filter(({ kind }) => kind !== 'external');
  const places = new Map<string, { group: string; column: number; row: number }>();
  for (const { id, group } of inner) {
    const known = before.get(id);
    if (known !== undefined && known.group === group) places.set(id, known);
  }
  if (places.size === 0) return freshPlaces(graph, inner, columns);
  for (const { id, group } of inner) {
    if (places.has(id)) continue;
    const column = columns.get(id) ?? 0;
    const taken = [...places.values()].filter((one) => one.group === group && one.column === column);
    let row = 0;
    while (taken.some((one) => Math.abs(one.row - row) < 1)) row++;
    places.set(id, { group, column, row });
  }
  return places;
}

function freshPlaces(graph: Graph, inner: readonly MapNode[], columns: ReadonlyMap<string, number>): KeptPlaces {
  const neighbours = neighboursOf(graph);
  const places = new Map<string, { group: string; column: number; row: number }>();
  for (const [group, members] of Map.groupBy(inner, (node) => node.group)) {
    const byColumn = Map.groupBy(members, ({ id }) => columns.get(id) ?? 0);
    const order = [...byColumn]
      .sort(([a], [b]) => a - b)
      .map(([column, nodes]) => ({ column, ids: nodes.map(({ id }) => id) }));
    const tallest = Math.max(...order.map(({ ids }) => ids.length));
    const rows = new Map<string, number>();
    const number = () => {
      for (const { ids } of order)
        for (const [index, id] of ids.entries()) rows.set(id, (tallest - ids.length) / 2 + index);
    };
    number();
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      for (const { ids } of sweep % 2 === 0 ? order : [...order].reverse()) {
        const middle = new Map(
          ids.map((id) => [
            id,
            meanOf([...(neighbours.get(id) ?? [])].flatMap((other) => rows.get(other) ?? [])) ?? rows.get(id) ?? 0,
          ]),
        );
        ids.sort((a, b) => (middle.get(a) ?? 0) - (middle.get(b) ?? 0) || (a < b ? -1 : 1));
      }
      number();
    }
    for (const { column, ids } of order)
      for (const id of ids) places.set(id, { group, column, row: rows.get(id) ?? 0 });
  }
  return places;
}

function neighboursOf({ edges }: Graph): Map<string, Set<string>> {
  const neighbours = new Map<string, Set<string>>();
  const add = (from: string, to: string) => {
    const known = neighbours.get(from) ?? new Set();
    neighbours.set(from, known.add(to));
  };
  for (const { client, server } of edges) {
    if (client === server) continue;
    add(client, server);
    add(server, client);
  }
  return neighbours;
}

function meanOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Groups one below the other, those without a name last. */
function rowPlaces({ nodes }: Graph, kept: KeptPlaces, xOf: (column: number) => number) {
  const placed = new Map<string, Placed>();
  const groups: GroupBox[] = [];
  let y = MARGIN;
  let lowest = 0;
  const present = [...kept].filter(([id]) => nodes.has(id));
  const byGroup = [...Map.groupBy(present, ([, { group }]) => group)];
  byGroup.sort(([a], [b]) => Number(a === '') - Number(b === '') || (a < b ? -1 : 1));
  for (const [group, members] of byGroup) {
    const top = group === '' ? y + (groups.length > 0 ? GROUP_GAP : 0) : y + GROUP_HEAD;
    for (const [id, { column, row }] of members)
      placed.set(id, { x: xOf(column), y: Math.round(top + row * ROW_HEIGHT) });
    const bottom = top + Math.max(...members.map(([, { row }]) => row)) * ROW_HEIGHT + NODE.height;
    if (group !== '') {
      const xs = members.map(([, { column }]) => xOf(column));
      const x = Math.min(...xs) - GROUP_PADDING;
      const width = Math.max(...xs) + NODE.width + GROUP_PADDING - x;
      groups.push({ name: group, x, y, width, height: bottom + GROUP_PADDING - y });
    }
    lowest = bottom + (group === '' ? 0 : GROUP_PADDING);
    y = lowest + GROUP_GAP;
  }
  return { nodes: placed, groups, height: lowest + MARGIN };
}

/** Externals are at the height of what they talk to. @returns the height that they need */
function placeExternals({ nodes, edges }: Graph, placed: Map<string, Placed>, left: number, right: number): number {
  let height = 0;
  const ends = Map.groupBy(
    edges.flatMap(({ client, server }) => [
      [client, server],
      [server, client],
    ]),
    ([end = '']) => end,
  );
  for (const side of ['in', 'out'] as const) {
    const external = [...nodes.values()].filter(({ id, kind }) => kind === 'external' && id.startsWith(`${side} `));
    const wanted = external.map(({ id }) => {
      const heights = (ends.get(id) ?? []).flatMap(([, other = '']) => placed.get(other)?.y ?? []);
      return { id, y: meanOf(heights) ?? MARGIN };
    });
    wanted.sort((a, b) => a.y - b.y || (a.id < b.id ? -1 : 1));
    let y = MARGIN;
    for (const one of wanted) {
      y = Math.max(y, Math.round(one.y));
      placed.set(one.id, { x: side === 'in' ? left : right, y });
      y += NODE.height + MARGIN;
    }
    height = Math.max(height, y);
  }
  return height;
}

/** Lines from the right of clients to the left of servers, those of one node beside each other. */
function pathsOf({ edges }: Graph, placed: ReadonlyMap<string, Placed>): Map<string, Path> {
  const drawn = edges.filter(({ client, server }) => client !== server && placed.has(client) && placed.has(server));
  const y = (id: string) => placed.get(id)?.y ?? 0;
  const starts = portsOf(drawn, 'client', (a, b) => y(a.server) - y(b.server) || (a.id < b.id ? -1 : 1));
  const ends = portsOf(drawn, 'server', (a, b) => y(a.client) - y(b.client) || (a.id < b.id ? -1 : 1));
  const paths = new Map<string, Path>();
  const labels: Placed[] = [];
  for (const { id, client, server } of drawn) {
    const [from, to] = [placed.get(client), placed.get(server)];
    if (from === undefined || to === undefined) continue;
    const [x1, y1] = [from.x + NODE.width, from.y + NODE.height / 2 + (starts.get(id) ?? 0)];
    const [x2, y2] = [to.x, to.y + NODE.height / 2 + (ends.get(id) ?? 0)];
    const bend = Math.max(40, Math.abs(x2 - x1) * 0.46);
    const d = `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
    const label = labelOf([x1, x1 + bend, x2 - bend, x2], [y1, y1, y2, y2], labels);
    labels.push(label);
    paths.set(id, { d, label });
  }
  return paths;
}

function portsOf(
  edges: Graph['edges'],
  end: 'client' | 'server',
  compare: (a: Graph['edges'][number], b: Graph['edges'][number]) => number,
): Map<string, number> {
  const ports = new Map<string, number>();
  for (const [, own] of Map.groupBy(edges, (edge) => edge[end])) {
    const step = Math.min(PORT_STEP, (NODE.height - 10) / Math.max(1, own.length - 1));
    for (const [index, { id }] of own.sort(compare).entries()) ports.set(id, (index - (own.length - 1) / 2) * step);
  }
  return ports;
}

/** Size that a number with its word takes. */
const LABEL = { width: 104, height: 20 } as const;
const TRIES = [0.5, 0.3, 0.7, 0.2, 0.8, 0.4, 0.6, 0.12, 0.88];

/** A place on a curve without another label, as far as there is one. */
function labelOf(xs: readonly number[], ys: readonly number[], others: readonly Placed[]): Placed {
  const places = TRIES.map((t) => ({ x: bezier(xs, t), y: bezier(ys, t) }));
  const isFree = ({ x, y }: Placed) =>
    others.every((other) => Math.abs(other.x - x) > LABEL.width || Math.abs(other.y - y) > LABEL.height);
  return places.find(isFree) ?? (places[0] as Placed);
}

function bezier([a = 0, b = 0, c = 0, d = 0]: readonly number[], t: number): number {
  const u = 1 - t;
  return u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d;
}
