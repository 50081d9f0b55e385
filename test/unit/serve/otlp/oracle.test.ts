/** What is exported, against OpenTelemetry's own encoder of the same values. */
import type { HrTime } from '@opentelemetry/api';
import { ProtobufLogsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import { expect, test } from 'vitest';
import { logsRequest, metricsRequest } from '../../../../src/protobuf/otlp.ts';
import { alertOf } from '../../../../src/serve/alerts/alert.ts';
import { Histogram } from '../../../../src/serve/metrics/histogram.ts';
import { LabelSet } from '../../../../src/serve/metrics/label-set.ts';
import type { MetricFamily, MetricsView } from '../../../../src/serve/metrics/metric-family.ts';
import { MetricsExport } from '../../../../src/serve/otlp/metrics-export.ts';
import { logsOf } from '../../../../src/serve/otlp/problem-logs.ts';
import { otlpResource } from '../../../../src/serve/otlp/resource.ts';
import { servedProblem } from '../alerts/problem.ts';

const OWN = {
  'service.name': 'socklens',
  'service.version': '1.2.3',
  'service.instance.id': 'vm',
  'host.name': 'vm',
  'os.type': 'linux',
  'deployment.environment.name': 'prüfung',
};
const RESOURCE = otlpResource('vm', '1.2.3', { 'deployment.environment.name': 'prüfung' });
const SCOPE = { name: 'socklens', version: '1.2.3' };
const [STARTED_MS, NOW_MS] = [1_800_000_000_123, 1_800_000_060_456];

const hr = (ms: number): HrTime => [Math.floor(ms / 1000), (ms % 1000) * 1_000_000];

function family(more: Pick<MetricFamily, 'name' | 'type' | 'unit' | 'read'>): MetricFamily {
  return { help: `Help of ${more.name}`, labels: [], ...more };
}

test('metrics: the same message as the library makes of the same values', () => {
  const web = new LabelSet([
    ['container', 'web "1"'],
    ['state', 'close_wait'],
    ['protocol', 'tcp'],
  ]);
  const pod = new LabelSet([
    ['container', 'app'],
    ['namespace', 'shop'],
    ['pod', 'shop-1'],
    ['peer', 'db'],
    ['peer_port', '3306'],
    ['direction', 'outbound'],
  ]);
  const times = new Histogram([0.1, 1]);
  for (const value of [0.05, 0.5, 0.5, 7]) times.add(value);
  const families = [
    family({ name: 'socklens_container_sockets', type: 'gauge', unit: 'sockets', read: (_, emit) => emit(web, 41) }),
    family({ name: 'socklens_host_tcp_memory_bytes', type: 'gauge', unit: 'bytes', read: (_, emit) => emit(pod, 0.5) }),
    family({
      ...{ name: 'socklens_container_connections_opened_total', type: 'counter', unit: 'connections' },
      read: (_, emit) => emit(pod, 2 ** 40),
    }),
    family({
      name: 'socklens_container_rtt_seconds',
      type: 'histogram',
      unit: 'seconds',
      read: (_, emit) => emit(web, times),
    }),
    family({ name: 'socklens_build_info', type: 'gauge', unit: 'info', read: (_, emit) => emit(web, 1) }),
    family({ name: 'socklens_lost_events_total', type: 'counter', unit: 'events', read: () => undefined }),
  ];
  const ours = new MetricsExport(RESOURCE, STARTED_MS).request(families, { nowMs: NOW_MS } as MetricsView);
  const webAttributes = {
    ...{ 'container.name': 'web "1"', 'network.connection.state': 'close_wait', 'network.transport': 'tcp' },
  };
  const podAttributes = {
    ...{ 'k8s.container.name': 'app', 'k8s.namespace.name': 'shop', 'k8s.pod.name': 'shop-1' },
    ...{ 'service.peer.name': 'db', 'network.peer.port': 3306, 'socklens.direction': 'outbound' },
  };
  const point = <T>(attributes: typeof webAttributes | typeof podAttributes, value: T, start = STARTED_MS) => ({
    ...{ startTime: hr(start), endTime: hr(NOW_MS), attributes, value },
  });
  const metric = (name: string, source: string, unit: string) => ({
    descriptor: { name, description: `Help of ${source}`, unit, type: 'GAUGE', valueType: 1, advice: {} },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  });
  const theirs = ProtobufMetricsSerializer.serializeRequest({
    resource: resourceFromAttributes(OWN),
    scopeMetrics: [
      {
        scope: SCOPE,
        metrics: [
          {
            ...metric('container.network.connection.count', 'socklens_container_sockets', '{connection}'),
            ...{ dataPointType: DataPointType.SUM, isMonotonic: false, dataPoints: [point(webAttributes, 41)] },
          },
          {
            ...metric('socklens.host.tcp_memory', 'socklens_host_tcp_memory_bytes', 'By'),
            ...{ dataPointType: DataPointType.GAUGE, dataPoints: [point(podAttributes, 0.5, 0)] },
          },
          {
            ...metric(
              'socklens.container.connections_opened',
              'socklens_container_connections_opened_total',
              '{connection}',
            ),
            ...{ dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: [point(podAttributes, 2 ** 40)] },
          },
          {
            ...metric('socklens.container.rtt', 'socklens_container_rtt_seconds', 's'),
            dataPointType: DataPointType.HISTOGRAM,
            dataPoints: [
              point(webAttributes, {
                ...{ buckets: { boundaries: [0.1, 1], counts: [1, 2, 1] }, sum: 8.05, count: 4 },
              }),
            ],
          },
        ],
      },
    ],
  } as unknown as Parameters<typeof ProtobufMetricsSerializer.serializeRequest>[0]);
  if (theirs === undefined) throw new Error('the library made nothing');
  expect(metricsRequest.decode(ours)).toEqual(metricsRequest.decode(theirs));
  // It has every field of the library's, but for zeros that it writes.
  expect(theirs.length - ours.length).toBeLessThanOrEqual(40);
});

test('problems: the same log records as the library makes', () => {
  const context = { host: 'vm', pageUrl: 'https://page.example', incident: 'i1' };
  const alert = alertOf(servedProblem({ openedAtMs: STARTED_MS }), context);
  const ours = logsOf(
    RESOURCE,
    [
      { alert, atMs: STARTED_MS, isResolved: false },
      { alert, atMs: NOW_MS - 1, isResolved: true },
    ],
    NOW_MS,
  );
  const shared = {
    'socklens.problem.id': 'p1',
    'socklens.rule': 'POOL_OVERRUN',
    'socklens.severity': 'critical',
    'socklens.where': 'web-1 on vm',
    'container.name': 'web-1',
    'socklens.about': 'peer db:3306',
  };
  const links = {
    'url.full': 'https://page.example/#/problems/p1',
    'socklens.incident.url': 'https://page.example/#/incidents/i1',
  };
  // Records of one object are one group.
  const resource = resourceFromAttributes(OWN);
  const record = (more: object) => ({
    hrTimeObserved: hr(NOW_MS),
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    ...more,
  });
  const theirs = ProtobufLogsSerializer.serializeRequest([
    record({
      ...{ hrTime: hr(STARTED_MS), severityNumber: 17, severityText: 'critical', eventName: 'socklens.problem.opened' },
      body: 'Pool over its cap: db:3306: web-1 on vm',
      attributes: {
        ...shared,
        'socklens.cause': 'web-1 holds 63 connections, its pool is 50',
        'socklens.fix': 'Go database/sql: call SetMaxOpenConns in web-1',
        'socklens.numbers': 'connections of web-1: 63\npool: 50 connections',
        ...links,
      },
    }),
    record({
      ...{ hrTime: hr(NOW_MS - 1), severityNumber: 9, severityText: 'info', eventName: 'socklens.problem.resolved' },
      body: 'Resolved: Pool over its cap: db:3306: web-1 on vm',
      attributes: { ...shared, ...links },
    }),
  ] as unknown as Parameters<typeof ProtobufLogsSerializer.serializeRequest>[0]);
  if (theirs === undefined) throw new Error('the library made nothing');
  const decoded = logsRequest.decode(ours);
  expect(decoded).toEqual(logsRequest.decode(theirs));
  expect(decoded.resourceLogs[0]?.scopeLogs[0]?.logRecords.map(({ eventName }) => eventName)).toEqual([
    'socklens.problem.opened',
    'socklens.problem.resolved',
  ]);
});
