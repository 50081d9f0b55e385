import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import type { ServedProblem } from '../../../../src/serve/protocol.ts';
import { container, event, lane, MetricsScene } from './scene.ts';

const SOCKETS = { open: 3, timeWait: 0, byState: { ESTABLISHED: 2, LISTEN: 1 }, udp: 0, raw: 0 };

test('sockets: by protocol and state in the words of OpenTelemetry; a series stays when its number is 0', () => {
  const scene = new MetricsScene();
  const sockets = { open: 4, timeWait: 7, byState: { SYN_RECV: 1, FIN_WAIT2: 3 }, udp: 2, raw: 0 };
  scene.tick([container('web', { sockets })]);
  expect(scene.lines('socklens_container_sockets')).toEqual([
    'socklens_container_sockets{container="web",protocol="tcp",state="fin_wait_2"} 3',
    'socklens_container_sockets{container="web",protocol="tcp",state="syn_received"} 1',
    'socklens_container_sockets{container="web",protocol="tcp",state="time_wait"} 7',
    'socklens_container_sockets{container="web",protocol="udp"} 2',
  ]);
  scene.tick([container('web', { sockets: SOCKETS })]);
  expect(scene.lines('socklens_container_sockets')).toContain(
    'socklens_container_sockets{container="web",protocol="tcp",state="fin_wait_2"} 0',
  );
  scene.tick([]);
  expect(scene.lines('socklens_container_sockets')).toEqual([]);
});

test('labels: of a pod its namespace, its name and the name within it; of others the name alone', () => {
  const scene = new MetricsScene();
  const pod = { id: 'p', name: 'api-7', namespace: 'shop', uid: 'uid-1', container: 'app' };
  scene.tick([
    container('shop/api-7/app', { runtime: 'containerd', pod, descriptors: { pid: 1, used: 9, limit: 10 } }),
    container('web', { descriptors: { pid: 2, used: 5, limit: null } }),
  ]);
  expect(scene.lines('socklens_container_fullest_process_fds')).toEqual([
    'socklens_container_fullest_process_fds{container="app",namespace="shop",pod="api-7"} 9',
    'socklens_container_fullest_process_fds{container="web"} 5',
  ]);
  expect(scene.lines('socklens_container_fullest_process_fds_limit')).toEqual([
    'socklens_container_fullest_process_fds_limit{container="app",namespace="shop",pod="api-7"} 10',
  ]);
  expect(scene.lines('socklens_host_fullest_fds_ratio')).toEqual(['socklens_host_fullest_fds_ratio 0.9']);
  expect(scene.lines('socklens_container_info')[0]).toContain('pod_uid="uid-1"');
});

test('labels: names that two runtimes have, quotes, newlines and control characters', () => {
  const scene = new MetricsScene();
  scene.tick([
    container('web', { id: 'a', sockets: SOCKETS }),
    container('web', { id: 'b', runtime: 'podman', sockets: SOCKETS }),
    container('two"quo\\tes\nand\u001b[31m', { image: '<b>x</b>' }),
  ]);
  expect(
    scene.lines('socklens_container_info').map((line) => /container="(.*?)",container_id/.exec(line)?.[1]),
  ).toEqual(['docker:web', 'podman:web', 'two\\"quo\\\\tes\\\\x0aand\\\\x1b[31m']);
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: scene.metrics.text(), encoding: 'utf8' });
  // Only machines with Prometheus have it; the suite `engines` always does.
  if (checked.error === undefined) expect([checked.status, checked.stderr]).toEqual([0, '']);
});

test('connections: the counters of the kernel where a namespace is its own, outcomes by events', () => {
  const scene = new MetricsScene();
  const web = { ...container('web'), counters: { TcpActiveOpens: 40, TcpPassiveOpens: 2, TcpOutSegs: 900 } };
  scene.tick([web]);
  const namespace = scene.namespaceOf(web);
  scene.metrics.event(namespace, event({ kind: 'failed', outcome: 'no-answer' }));
  scene.metrics.event(namespace, event({ kind: 'closed', outcome: 'timed-out' }));
  scene.metrics.event(namespace, event({ kind: 'closed', outcome: 'unconnected' }));
  scene.metrics.event(namespace, event({ kind: 'closed', outcome: 'closed', proto: 'udp' }));
  expect(scene.lines('socklens_container_connections_opened_total').map((line) => line.split('direction=')[1])).toEqual(
    ['"inbound"} 2', '"outbound"} 40'],
  );
  expect(scene.lines('socklens_container_connections_closed_total').map((line) => line.split('outcome=')[1])).toEqual([
    '"closed"} 0',
    '"no_answer"} 1',
    '"refused"} 0',
    '"reset"} 0',
    '"timed_out"} 1',
  ]);
  expect(scene.lines('socklens_container_sent_segments_total')).toEqual([
    'socklens_container_sent_segments_total{container="web"} 900',
  ]);
});

test('connections: where events are not received, nothing says that there were none', () => {
  const scene = new MetricsScene({ eventSource: undefined });
  scene.tick([container('web')]);
  expect(scene.lines('socklens_container_connections_opened_total')).toEqual([]);
  expect(scene.lines('socklens_container_connections_closed_total')).toEqual([]);
  expect(scene.lines('socklens_coverage_gaps')).toContain('socklens_coverage_gaps{reason="no_events"} 1');
});

test('listeners: those of one port together, and the drops of listeners that were closed', () => {
  const scene = new MetricsScene();
  const port = (address: string, drops: number) => ({ proto: 'tcp', address, port: 80, queue: 3, backlog: 128, drops });
  scene.tick([container('web', { ports: [port('0.0.0.0', 5), port('::', 1)] })]);
  scene.tick([container('web', { ports: [port('0.0.0.0', 9), port('::', 1)] })]);
  expect(scene.lines('socklens_container_listener_queue')).toEqual([
    'socklens_container_listener_queue{container="web",port="80"} 6',
  ]);
  expect(scene.lines('socklens_container_listener_queue_limit')).toEqual([
    'socklens_container_listener_queue_limit{container="web",port="80"} 256',
  ]);
  scene.tick([container('web', { ports: [port('::', 2)] })]);
  scene.tick([container('web', { ports: [port('0.0.0.0', 10), port('::', 2)] })]);
  expect(scene.lines('socklens_container_listen_overflows_total')).toEqual([
    'socklens_container_listen_overflows_total{container="web"} 12',
  ]);
});

test('problems: one for each row that has it, of the host when none has; resolved ones are gone', () => {
  const scene = new MetricsScene();
  const problem = (rule: string, containers: string[], more: Partial<ServedProblem> = {}) =>
    ({ rule, severity: 'critical', containers, ...more }) as unknown as ServedProblem;
  scene.problems = [
    problem('POOL', ['web', 'api']),
    problem('POOL', ['web']),
    problem('CONNTRACK', []),
    problem('OLD', ['web'], { resolvedAtMs: 5 }),
  ];
  scene.tick([container('web'), container('api')]);
  expect(scene.lines('socklens_problems')).toEqual([
    'socklens_problems{container="api",rule="POOL",severity="critical"} 1',
    'socklens_problems{container="web",rule="POOL",severity="critical"} 2',
    'socklens_problems{rule="CONNTRACK",severity="critical"} 1',
  ]);
  expect(scene.lines('socklens_host_problems')).toContain('socklens_host_problems{severity="critical"} 3');
});

test('peers: by name, else external, never by address unless that was chosen; clients without their ports', () => {
  const lanes = [
    lane('out', 3306, { a: 7 }, '10.0.0.3'),
    lane('out', 443, { a: 2 }, '203.0.113.9'),
    lane('out', 443, { a: 3 }, '198.51.100.1'),
    lane('in', 8080, { '10.0.0.4': 5, '203.0.113.7': 1, '127.0.0.1': 4 }),
  ];
  const scene = new MetricsScene();
  for (const one of [scene]) {
    one.names.set('10.0.0.3', 'db');
    one.names.set('10.0.0.4', 'other');
  }
  scene.tick([{ ...container('web'), lanes }]);
  expect(scene.lines('socklens_container_peer_connections').map((line) => line.split('container="web",')[1])).toEqual([
    'peer="container:other",direction="inbound"} 5',
    'peer="db",peer_port="3306",direction="outbound"} 7',
    'peer="external",direction="inbound"} 1',
    'peer="external",peer_port="443",direction="outbound"} 5',
    'peer="localhost",direction="inbound"} 4',
  ]);
  const open = new MetricsScene({ naming: { addresses: true, externalAddresses: 'truncate' } });
  open.tick([{ ...container('web'), lanes: lanes.slice(0, 2) }]);
  expect(open.lines('socklens_container_peer_connections').map((line) => line.split('container="web",')[1])).toEqual([
    'peer="10.0.0.3",peer_port="3306",direction="outbound"} 7',
    'peer="203.0.113.0/24",peer_port="443",direction="outbound"} 2',
  ]);
});

test('histograms: only where chosen; in the buckets of the values', () => {
  const closed = event({ outcome: 'closed', atMs: 5000, openedAtMs: 3000, role: 'server' }, 700);
  const without = new MetricsScene();
  const scene = new MetricsScene({ histograms: true });
  for (const one of [without, scene]) {
    const web = container('web');
    one.tick([web]);
    one.metrics.event(one.namespaceOf(web), closed);
  }
  expect(without.metrics.text()).not.toContain('lifetime');
  const lines = scene.lines('socklens_container_connection_lifetime_seconds_bucket');
  expect(lines).toContain(
    'socklens_container_connection_lifetime_seconds_bucket{container="web",direction="inbound",le="1"} 0',
  );
  expect(lines).toContain(
    'socklens_container_connection_lifetime_seconds_bucket{container="web",direction="inbound",le="10"} 1',
  );
  expect(scene.lines('socklens_container_connection_lifetime_seconds_sum')[0]).toMatch(/ 2$/);
  expect(scene.lines('socklens_container_rtt_seconds_sum')[0]).toMatch(/ 0.0007$/);
});

test('how long a sample took, by whether a page shows a row', () => {
  let isWatched = false;
  const scene = new MetricsScene({ isWatched: () => isWatched });
  const counts = () => scene.lines('socklens_snapshot_duration_seconds_count');
  const of = (tier: string, count: number) => `socklens_snapshot_duration_seconds_count{tier="${tier}"} ${count}`;
  for (let ticks = 0; ticks < 3; ticks++) scene.tick([container('web')]);
  expect(counts()).toEqual([of('background', 3), of('foreground', 0)]);
  isWatched = true;
  scene.tick([container('web')]);
  expect(counts()).toEqual([of('background', 3), of('foreground', 1)]);
});

test('what the history did not keep is counted', () => {
  const scene = new MetricsScene();
  scene.tick([]);
  scene.notKept = ['the disk is full'];
  scene.tick([]);
  scene.tick([]);
  expect(scene.lines('socklens_history_errors_total')).toEqual(['socklens_history_errors_total 2']);
});
