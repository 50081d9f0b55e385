import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openHistory } from '../../../src/history/stored-history.ts';
import { API_ACTIONS } from '../../../src/serve/api/actions.ts';
import { kebab } from '../../../src/serve/api/arguments.ts';
import { API_VERBS } from '../../../src/serve/api/verbs.ts';
import { Fleet } from '../../../src/serve/hosts/fleet.ts';
import type { FleetStore } from '../../../src/serve/hosts/fleet-store.ts';
import type { EdgesAnswer } from '../../../src/serve/protocol/history.ts';
import type { FlightRecorder } from '../../../src/sources/incidents/flight-recorder.ts';
import { OPENAPI, schemaFaults } from '../../support/openapi.ts';
import { TestApp } from './app.ts';

const HOSTS = { hosts: ['db-1.example:9477'] };
const EMPTY_STORE: FleetStore = {
  host: 'store.example:9090',
  query: async () => ({ data: [], warnings: [] }),
  get: async () => ({ data: [], warnings: [] }),
};

test('docs/openapi.json: has each route of serve, and no other', () => {
  const { app } = new TestApp({ recorder: { incidents: {} } as FlightRecorder, fleet: new Fleet(EMPTY_STORE, HOSTS) });
  const routes = app.routes
    .filter(({ method, path: at }) => method !== 'ALL' && at !== '/')
    .map(({ method, path: at }) => `${method} ${at.replace(/:(\w+)/g, '{$1}')}`);
  const documented = Object.entries(OPENAPI.paths).flatMap(([at, methods]) =>
    Object.keys(methods)
      .filter((method) => method !== 'parameters')
      .map((method) => `${method.toUpperCase()} ${at}`),
  );
  expect([...new Set(routes)].sort()).toEqual(documented.sort());
});

test('docs/openapi.json: has each parameter of a command', () => {
  for (const [method, verbs] of [
    ['get', API_VERBS],
    ['post', API_ACTIONS],
  ] as const) {
    for (const [name, { operands, flags, values }] of Object.entries(verbs)) {
      const known = OPENAPI.paths[`/api/v1/${name}`]?.[method]?.parameters ?? [];
      const expected = [...operands, ...[...flags, ...values].map(kebab)];
      expect([name, known.map((one) => one.name).sort()]).toEqual([name, expected.sort()]);
    }
  }
});

test('docs/openapi.json: answers and errors are as it says', async () => {
  const page = new TestApp();
  await page.tick(1000);
  for (const [at, schema] of [
    ['session', 'Session'],
    ['overview', 'Overview'],
    ['problems', 'Problems'],
    ['alerts', 'Alerts'],
    ['history', 'Error'],
    ['connections', 'Connections'],
    ['problem?id=none', 'Error'],
    ['ls', 'Error'],
    ['container?name=none', 'Error'],
  ] as const)
    expect([at, schemaFaults(await (await page.get(`/api/v1/${at}`)).json(), schema)]).toEqual([at, []]);
  const hosts = new TestApp({ discovery: HOSTS, fleet: new Fleet(EMPTY_STORE, HOSTS) });
  expect(schemaFaults(await (await hosts.get('/sd')).json(), 'TargetGroups')).toEqual([]);
  for (const [at, schema] of [
    ['hosts', 'Hosts'],
    ['hosts/containers', 'FleetContainers'],
    ['hosts/containers?host=db-1.example:9477', 'FleetContainers'],
    ['hosts/containers?host=none', 'Error'],
    ['hosts/peers', 'FleetPeers'],
  ] as const)
    expect([at, schemaFaults(await (await hosts.get(`/api/v1/${at}`)).json(), schema)]).toEqual([at, []]);
  await hosts.close();
  await page.close();
});

test('docs/openapi.json: who talks to whom is as it says, with a history and without', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-openapi-'));
  const history = openHistory(folder, { keepMs: 86_400_000, maxBytes: 1e8 });
  const values = new Map([
    ['connections', 3],
    ['refused', 0.25],
  ]);
  const atMs = Date.UTC(2026, 10, 30, 12);
  const edges = { atMs, edges: [{ client: 'web', server: 'db', port: 3306, values }] };
  history.appendEdges(edges);
  const facts = { runtime: 'docker', project: 'shop', projectKind: 'compose' };
  history.append({
    atMs,
    monotonicMs: 0,
    containers: [{ name: 'web', id: 'a', facts, values: new Map([['open', 4]]) }],
  });
  for (const parts of [{ history }, { latestEdges: () => edges }]) {
    const page = new TestApp(parts);
    await page.tick(atMs, { names: { host: () => undefined, service: () => 'mysql', user: () => undefined } });
    const answer = (await (await page.get(`/api/v1/edges?from=${atMs}&to=${atMs + 10_000}`)).json()) as EdgesAnswer;
    expect(schemaFaults(answer, 'Edges')).toEqual([]);
    expect(answer).toMatchObject({ firstMs: atMs, stepMs: 10_000, points: 1, gaps: [] });
    const [edge] = answer.edges;
    expect(edge).toMatchObject({ client: 'web', server: 'db', port: 3306, service: 'mysql' });
    expect(Object.fromEntries(edge?.columns.map(({ name, mean }) => [name, mean]) ?? [])).toEqual({
      connections: [3],
      refused: [0.3],
    });
    if ('history' in parts) expect(answer.rows).toEqual([{ name: 'web', ...facts }]);
    const other = await page.get(`/api/v1/edges?from=${atMs}&to=${atMs + 10_000}&container=nginx`);
    expect(((await other.json()) as EdgesAnswer).edges).toEqual([]);
    await page.close();
  }
  history.close();
  fs.rmSync(folder, { recursive: true });
});

test('docs/api.md: names every path', () => {
  const text = fs.readFileSync(path.resolve(import.meta.dirname, '../../../docs/api.md'), 'utf8');
  for (const at of Object.keys(OPENAPI.paths)) expect(text).toContain(at.replace('/api/v1', ''));
});
