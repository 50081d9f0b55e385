import zlib from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exportResponse, logsRequest, metricsRequest } from '../../../../src/protobuf/otlp.ts';
import { alertOf } from '../../../../src/serve/alerts/alert.ts';
import { OtlpExporter, type OtlpSettings } from '../../../../src/serve/otlp/exporter.ts';
import { type AlertReceiver, alertReceiver, type ReceivedRequest } from '../../../support/alert-receiver.ts';
import { until } from '../../../support/netns.ts';
import { servedProblem } from '../alerts/problem.ts';
import { container, MetricsScene } from '../metrics/scene.ts';

let collector: AlertReceiver;
let exporter: OtlpExporter | undefined;
let outcomes: string[];
beforeEach(async () => {
  collector = await alertReceiver();
  outcomes = [];
});
afterEach(async () => {
  await exporter?.close();
  exporter = undefined;
  await collector.close();
});

function start(more: Partial<OtlpSettings> = {}): OtlpExporter {
  const scene = new MetricsScene();
  const sockets = { open: 7, timeWait: 2, byState: { ESTABLISHED: 7 }, udp: 0, raw: 0 };
  scene.tick([container('web', { sockets })]);
  const target = (signal: string) => ({
    url: `${collector.url}/v1/${signal}`,
    headers: { 'x-api-key': 'very-secret' },
    isGzipped: true,
    timeoutMs: 5000,
  });
  exporter = new OtlpExporter(
    { metrics: target('metrics'), logs: target('logs'), intervalMs: 200, attributes: {}, ...more },
    {
      ...{ host: 'vm', version: '1.2.3', startedMs: Date.now(), metrics: scene.metrics },
      alertOf: (problem) => alertOf(problem, { host: 'vm', pageUrl: 'http://page', incident: undefined }),
      onOutcome: (signal, result, count = 1) => outcomes.push(`${signal} ${result} ${count}`),
    },
  );
  return exporter;
}

const bodyOf = ({ bytes }: ReceivedRequest) => zlib.gunzipSync(bytes);
const at = (path: string) => collector.received.filter((request) => request.path === path);
const change = (...ids: string[]) => ({ opened: ids.map((id) => servedProblem({ id })), held: [], resolved: [] });

describe('a collector', () => {
  test('gets metrics again and again, compressed, and once more at the end', async () => {
    const own = start();
    await until('two exports', () => at('/v1/metrics').length >= 2);
    const [first] = at('/v1/metrics');
    if (first === undefined) throw new Error('nothing');
    expect(first.headers).toMatchObject({
      ...{ 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip', 'x-api-key': 'very-secret' },
    });
    const metrics = metricsRequest.decode(bodyOf(first)).resourceMetrics[0]?.scopeMetrics[0]?.metrics ?? [];
    const states = metrics.find(({ name }) => name === 'container.network.connection.count')?.sum?.dataPoints ?? [];
    expect(states.map(({ asDouble }) => asDouble)).toContain(7);
    expect(metrics.map(({ name }) => name)).not.toContain('socklens.build_info');
    await own.close();
    const count = at('/v1/metrics').length;
    exporter = undefined;
    expect(count).toBeGreaterThanOrEqual(3);
    expect(outcomes.every((one) => one === 'otlp metrics sent 1')).toBe(true);
  });

  test('that is busy gets the same problems later, once', async () => {
    collector.answer = ({ path }, response) => {
      const isFirst = at('/v1/logs').length === 1 && path === '/v1/logs';
      response.writeHead(isFirst ? 503 : 200, isFirst ? { 'Retry-After': '2' } : {}).end();
    };
    start({ metrics: undefined }).judged(change('a', 'b'));
    const [first, second] = await until('two attempts', () => at('/v1/logs').length === 2 && at('/v1/logs'));
    if (first === undefined || second === undefined) throw new Error('nothing');
    expect(second.atMs - first.atMs).toBeGreaterThanOrEqual(1900);
    const records = logsRequest.decode(bodyOf(second)).resourceLogs[0]?.scopeLogs[0]?.logRecords ?? [];
    expect(records.map(({ eventName }) => eventName)).toEqual(['socklens.problem.opened', 'socklens.problem.opened']);
    await until('the count', () => outcomes.includes('otlp logs sent 1'));
    expect(outcomes).toEqual(['otlp logs failed 1', 'otlp logs sent 1']);
  });

  test('that refuses is not asked again, and its reason is said without a secret', async () => {
    collector.answer = (_, response) => response.writeHead(401).end('bad key very-secret');
    const own = start({ metrics: undefined });
    own.judged(change('a'));
    const [fault] = await until('the reason', () => own.faults.length > 0 && own.faults);
    expect(fault).toBe('problems do not reach the OpenTelemetry collector: status 401: bad key …');
    collector.answer = (_, response) => response.end();
    own.judged(change('b'));
    await until('the next', () => at('/v1/logs').length === 2 && own.faults.length === 0);
    const records = at('/v1/logs').map(
      (one) => logsRequest.decode(bodyOf(one)).resourceLogs[0]?.scopeLogs[0]?.logRecords,
    );
    expect(records.map((some) => some?.length)).toEqual([1, 1]);
  });

  test('that takes a part says how many it rejected; an answer that is nonsense says nothing', async () => {
    collector.answer = (_, response) =>
      response.end(exportResponse.encode({ partialSuccess: { rejected: 3n, errorMessage: 'x' } }));
    const own = start({ metrics: undefined });
    own.judged(change('a'));
    const [fault] = await until('the reason', () => own.faults.length > 0 && own.faults);
    expect(fault).toContain('it rejected 3 of them');
    expect(outcomes).toEqual(['otlp logs sent 1', 'otlp logs refused 3']);
    collector.answer = (_, response) => response.end('nonsense that is no protobuf');
    own.judged(change('b'));
    await until('no reason', () => own.faults.length === 0);
  });

  test('that hangs does not keep the end waiting for its time limit', async () => {
    collector.answer = () => undefined;
    const patient = { url: `${collector.url}/v1/metrics`, headers: {}, isGzipped: false, timeoutMs: 600_000 };
    const own = start({ metrics: patient, logs: undefined });
    await until('the request', () => at('/v1/metrics').length === 1);
    await own.close();
    exporter = undefined;
    expect(at('/v1/metrics')).toHaveLength(1);
    expect(outcomes).toEqual(['otlp metrics failed 1']);
  });
});

describe('other settings', () => {
  test('problems that wait go to the new collector at once, metrics at the new interval, and faults of the old are gone', async () => {
    const other = await alertReceiver();
    try {
      collector.answer = (_, response) => response.writeHead(503, { 'Retry-After': '3600' }).end();
      const own = start({ metrics: undefined });
      own.judged(change('a'));
      await until('the fault', () => own.faults.length > 0);
      const [kept] = at('/v1/logs');
      const target = (signal: string) => ({
        url: `${other.url}/v1/${signal}`,
        headers: {},
        isGzipped: true,
        timeoutMs: 5000,
      });
      own.configure({ metrics: target('metrics'), logs: target('logs'), intervalMs: 100, attributes: {} });
      const [moved] = await until('the problem', () => {
        const found = other.received.filter(({ path }) => path === '/v1/logs');
        return found.length > 0 && found;
      });
      const idsOf = (request: ReceivedRequest | undefined) =>
        request && logsRequest.decode(bodyOf(request)).resourceLogs[0]?.scopeLogs[0]?.logRecords.length;
      expect([idsOf(kept), idsOf(moved)]).toEqual([1, 1]);
      await until('metrics', () => other.received.some(({ path }) => path === '/v1/metrics'));
      expect(own.faults).toEqual([]);
      expect(at('/v1/metrics')).toEqual([]);
      own.configure(undefined);
      own.judged(change('b'));
      await own.close();
      exporter = undefined;
      expect(other.received.filter(({ path }) => path === '/v1/logs')).toHaveLength(1);
    } finally {
      await other.close();
    }
  });

  test('that are the same interrupt nothing', async () => {
    collector.answer = (_, response) => response.writeHead(503, { 'Retry-After': '2' }).end();
    const settings = {
      metrics: undefined,
      logs: { url: `${collector.url}/v1/logs`, headers: {}, isGzipped: false, timeoutMs: 5000 },
      intervalMs: 200,
      attributes: {},
    };
    const own = start(settings);
    own.judged(change('a'));
    await until('the first', () => at('/v1/logs').length === 1 && own.faults.length === 1);
    own.configure(structuredClone(settings));
    await until('the second', () => at('/v1/logs').length === 2);
    const [first, second] = at('/v1/logs');
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(1900);
  });
});
