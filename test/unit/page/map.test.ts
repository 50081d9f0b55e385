import { expect, test } from 'vitest';
import { type GraphOptions, graphOf } from '../../../src/page/pages/map/graph.ts';
import { layoutOf, NODE } from '../../../src/page/pages/map/layout.ts';
import { byTrouble, edgesAt } from '../../../src/page/pages/map/moment-edges.ts';
import { shortName } from '../../../src/page/pages/map/node-text.ts';
import type { EdgesAnswer } from '../../../src/serve/protocol/history.ts';

type Values = Record<string, (number | null)[]>;
type Row = EdgesAnswer['rows'][number];

const ALL: GraphOptions = { grouping: 'project', closed: new Set(), matches: () => true };

function answerOf(edges: [client: string, server: string, port: number, values: Values][], rows: Row[]): EdgesAnswer {
  return {
    fromMs: 0,
    toMs: 30_000,
    stepMs: 10_000,
    firstMs: 0,
    points: 3,
    edges: edges.map(([client, server, port, values]) => ({
      client,
      server,
      port,
      columns: Object.entries(values).map(([name, mean]) => ({ name, mean })),
    })),
    rows,
    gaps: [],
  };
}

const row = (name: string, project?: string): Row => ({
  name,
  runtime: 'docker',
  ...(project !== undefined && { project, projectKind: 'compose' }),
});

const SHOP = answerOf(
  [
    ['internet', 'nginx', 443, { connections: [2904, 2904, 2904], addresses: [1204, 1204, 1204] }],
    ['nginx', 'web-1', 8080, { connections: [10, 20, 30] }],
    ['nginx', 'web-2', 8080, { connections: [10, 20, null] }],
    ['web-1', 'db', 3306, { connections: [5, 5, 5], closeWait: [null, 4, 4], refused: [null, null, 7.5] }],
    ['web-2', 'db', 3306, { connections: [6, 6, 6] }],
    ['agent', '10.20.0.9', 24_224, { connections: [216, 216, 216] }],
  ],
  [row('nginx', 'shop'), row('web-1', 'shop'), row('web-2', 'shop'), row('db', 'shop'), row('agent')],
);

test('clients are left of their servers, externals at the edges, groups one below the other', () => {
  const { nodes, groups, width } = layoutOf(graphOf(SHOP, ALL), 1400);
  const x = (id: string) => nodes.get(id)?.x ?? Number.NaN;
  expect(x('in internet')).toBeLessThan(x('row nginx'));
  expect(x('row nginx')).toBeLessThan(x('row web-1'));
  expect(x('row web-1')).toBe(x('row web-2'));
  expect(x('row web-1')).toBeLessThan(x('row db'));
  expect(x('row db')).toBeLessThan(x('out 10.20.0.9'));
  expect(x('out 10.20.0.9') + NODE.width).toBeLessThanOrEqual(width);
  const [box] = groups;
  expect(groups.map(({ name }) => name)).toEqual(['shop']);
  for (const id of ['row nginx', 'row web-1', 'row web-2', 'row db']) {
    expect(nodes.get(id)?.y).toBeGreaterThan(box?.y ?? 0);
    expect((nodes.get(id)?.y ?? 0) + NODE.height).toBeLessThan((box?.y ?? 0) + (box?.height ?? 0));
  }
  expect(nodes.get('row agent')?.y).toBeGreaterThan((box?.y ?? 0) + (box?.height ?? 0));
});

test('grouped by network: a box for each container network, and private addresses outside are their network', () => {
  const inNetwork = (name: string, network?: string): Row => ({ name, runtime: 'docker', ...(network && { network }) });
  const rows = [
    inNetwork('nginx', 'back + front'),
    ...['web-1', 'web-2', 'db'].map((name) => inNetwork(name, 'back')),
    inNetwork('agent', 'host'),
  ];
  const both = [...SHOP.edges, { client: '10.3.0.1', server: 'nginx', port: 443, columns: [] }];
  const grouped = graphOf({ ...SHOP, edges: both, rows }, { ...ALL, grouping: 'network' });
  expect([...grouped.groups]).toEqual([
    ['back + front', 'network'],
    ['back', 'network'],
    ['host', 'network'],
  ]);
  expect(grouped.nodes.get('row db')?.group).toBe('back');
  // By project one address is itself.
  expect(graphOf(SHOP, ALL).nodes.has('out 10.20.0.9')).toBe(true);
  expect([...grouped.nodes.values()].flatMap(({ kind, id }) => (kind === 'external' ? id : [])).sort()).toEqual([
    'in 10.0.0.0/8',
    'in internet',
    'out 10.0.0.0/8',
  ]);
  const closed = graphOf({ ...SHOP, rows }, { ...ALL, grouping: 'network', closed: new Set(['back']) });
  expect(closed.nodes.get('group back')?.members).toEqual(['db', 'web-1', 'web-2']);
});

test('no two nodes are on each other, and a circle has a layout', () => {
  const names = Array.from({ length: 30 }, (_none, at) => `c${at}`);
  const edges = names.map((name, at): Parameters<typeof answerOf>[0][number] => [
    name,
    names[(at * 7 + 1) % names.length] ?? '',
    80,
    { connections: [1, 1, 1] },
  ]);
  const { nodes } = layoutOf(
    graphOf(
      answerOf(
        edges,
        names.map((name) => row(name)),
      ),
      ALL,
    ),
    1400,
  );
  const all = [...nodes.values()];
  expect(all).toHaveLength(30);
  for (const [at, one] of all.entries()) {
    for (const other of all.slice(at + 1)) {
      const isApart = Math.abs(one.x - other.x) >= NODE.width || Math.abs(one.y - other.y) >= NODE.height;
      expect(isApart).toBe(true);
    }
  }
});

test('the same edges in another order are the same picture', () => {
  const other = { ...SHOP, edges: [...SHOP.edges].reverse(), rows: [...SHOP.rows].reverse() };
  const [one, two] = [layoutOf(graphOf(SHOP, ALL), 1400), layoutOf(graphOf(other, ALL), 1400)];
  expect([...two.nodes].sort()).toEqual([...one.nodes].sort());
});

test('positions stay by name when others come and go', () => {
  const first = layoutOf(graphOf(SHOP, ALL), 1400);
  const more = {
    ...SHOP,
    edges: [
      ...SHOP.edges.filter(({ server }) => server !== 'web-2'),
      ...answerOf([['web-1', 'cache', 6379, { connections: [1, 1, 1] }]], []).edges,
    ],
    rows: [...SHOP.rows, row('cache', 'shop')],
  };
  const second = layoutOf(graphOf(more, ALL), 1400, first.kept);
  for (const id of ['row nginx', 'row web-1', 'row db', 'in internet'])
    expect([id, second.nodes.get(id)]).toEqual([id, first.nodes.get(id)]);
  expect(second.nodes.get('row cache')).toBeDefined();
});

test('a closed group is one node with the sums of its edges', () => {
  const graph = graphOf(SHOP, { ...ALL, closed: new Set(['shop']) });
  expect(graph.nodes.get('group shop')?.members).toEqual(['db', 'nginx', 'web-1', 'web-2']);
  const now = edgesAt(graph, 1).map(({ edge, connections }) => `${edge.id} ${connections}`);
  expect(now).toContain('in internet group shop:443 2904');
  expect(now).toContain('group shop group shop:8080 40');
  expect(now).toContain('group shop group shop:3306 11');
});

test('an edge at a moment: its sockets, what is wrong, and nothing when it has none', () => {
  const graph = graphOf(SHOP, ALL);
  const at = (point: number) =>
    Object.fromEntries(
      edgesAt(graph, point).map(({ edge, connections, trouble, word }) => [edge.id, [connections, trouble, word]]),
    );
  expect(at(0)['row web-1 row db:3306']).toEqual([5, undefined, '']);
  // At the first look it may be on its way.
  expect(at(1)['row web-1 row db:3306']).toEqual([5, undefined, '']);
  expect(at(2)['row web-1 row db:3306']).toEqual([5, 'bad', '7.5/s refused']);
  expect(at(1)['row nginx row web-2:8080']).toEqual([20, undefined, '']);
  expect(at(2)['row nginx row web-2:8080']).toBeUndefined();
  const standing = graphOf(answerOf([['a', 'b', 80, { connections: [5, 5, 5], closeWait: [1, 4, 4] }]], []), ALL);
  expect(edgesAt(standing, 1)[0]).toMatchObject({ trouble: 'warn', word: '4 CLOSE_WAIT' });
  expect([...edgesAt(graph, 2)].sort(byTrouble)[0]?.edge.id).toBe('row web-1 row db:3306');
});

test('many private addresses of one side are their network', () => {
  const addresses = Array.from({ length: 12 }, (_none, at) => `10.1.${at}.7`);
  const edges = addresses.map((name): Parameters<typeof answerOf>[0][number] => [
    name,
    'web',
    80,
    { connections: [1, 2, 3] },
  ]);
  edges.push(['web', '10.9.9.9', 53, { connections: [1, 1, 1] }]);
  const graph = graphOf(answerOf(edges, [row('web')]), ALL);
  expect([...graph.nodes.keys()]).toEqual(['in 10.0.0.0/8', 'out 10.9.9.9', 'row web']);
  expect(edgesAt(graph, 2).map(({ edge, connections }) => [edge.id, connections])).toEqual([
    ['in 10.0.0.0/8 row web:80', 36],
    ['row web out 10.9.9.9:53', 1],
  ]);
});

test('a hundred nodes with three hundred edges are laid out at once', () => {
  const rows = Array.from({ length: 100 }, (_none, at) =>
    row(`container-${at}`, at % 3 === 0 ? undefined : `project-${at % 7}`),
  );
  const edges = Array.from({ length: 300 }, (_none, at): Parameters<typeof answerOf>[0][number] => {
    const client = (at * 37) % 100;
    return [
      `container-${client}`,
      `container-${(client + 1 + ((at * 53) % 60)) % 100}`,
      80 + (at % 5),
      { connections: [1, 2, 3] },
    ];
  });
  const graph = graphOf(answerOf(edges, rows), ALL);
  const times = Array.from({ length: 5 }, () => {
    // Of the processor: what else runs on the machine does not count.
    const before = process.cpuUsage();
    layoutOf(graph, 1400);
    return process.cpuUsage(before).user / 1000;
  });
  console.log(`layout of 100 nodes and ${graph.edges.length} edges: ${Math.min(...times).toFixed(1)} ms`);
  // Generous: it takes some milliseconds, and 200 are promised.
  expect(Math.min(...times)).toBeLessThan(200);
});

test('a long name keeps its end, which tells replicas apart', () => {
  expect(shortName('payments-api-7c9f-x2k4q', 13)).toBe('paymen…-x2k4q');
  expect(shortName('web', 13)).toBe('web');
});

test('a name that would turn the text round or hide in it is shown as what it is', () => {
  expect(shortName('\u202ebad\u001b', 20)).toBe('\\u202ebad\\x1b');
});
