/** What is made of the answers of a store; what real ones answer is in test/suites/engines/hosts.test.ts. */
import { expect, test } from 'vitest';
import type { Discovery } from '../../../../src/serve/hosts/discovery.ts';
import { Fleet } from '../../../../src/serve/hosts/fleet.ts';
import type { FleetStore } from '../../../../src/serve/hosts/fleet-store.ts';
import type { StoreLabels } from '../../../../src/serve/store/store-answer.ts';
import { StoreError } from '../../../../src/serve/store/store-error.ts';

/** A series: what the expression must contain, its labels, its value. */
type Series = readonly [about: string, labels: StoreLabels, value: number];

/** A store with these series, which also counts what it is asked. */
class TestStore implements FleetStore {
  readonly host = 'store.example:9090';
  readonly asked: string[] = [];
  series: readonly Series[];
  known: readonly StoreLabels[] = [];
  alerts: unknown = { alerts: [] };
  fault: StoreError | undefined;

  constructor(series: readonly Series[]) {
    this.series = series;
  }

  async query(expression: string) {
    this.asked.push(expression);
    if (this.fault !== undefined) throw this.fault;
    const data = this.series
      .filter(([about]) => expression.includes(about))
      .map(([, labels, value]) => ({ labels, atMs: 0, value }));
    return { data, warnings: [] };
  }

  async get(path: string) {
    this.asked.push(path);
    return { data: path === 'alerts' ? this.alerts : this.known, warnings: [] };
  }
}

const LIVE = 'last_over_time(socklens_instance_info';
const LAST_SEEN = 'timestamp(socklens_instance_info';
const at = (instance: string, more: StoreLabels = {}) => ({ job: 'socklens', instance, ...more });
const info = (instance: string, host: string, url: string): Series => [LIVE, at(instance, { host, url }), 1];
const NOBODY: Discovery = { hosts: [] };

test('hosts: a row each with its numbers, the worst first; what is not stored is absent', async () => {
  const store = new TestStore([
    info('calm:9477', 'calm', 'http://calm:7077'),
    info('bad:9477', 'bad', 'https://bad.example/socklens/'),
    ['socklens_host_containers', at('bad:9477'), 7],
    ['socklens_host_problems[120s]', at('bad:9477'), 9],
    ['socklens_host_problems{severity="critical"}', at('bad:9477'), 2],
    ['socklens_host_fullest_fds_ratio', at('calm:9477'), 0.25],
    ['socklens_host_conntrack_entries', at('calm:9477'), 0.5],
  ]);
  const { hosts, store: name } = await new Fleet(store, NOBODY).hosts();
  expect(name).toBe('store.example:9090');
  expect(hosts).toEqual([
    {
      ...{ id: 'socklens/bad:9477', job: 'socklens', instance: 'bad:9477', host: 'bad', status: 'live' },
      ...{ url: 'https://bad.example/socklens', containers: 7, problems: { critical: 2 }, alerts: 0, notes: [] },
    },
    {
      ...{ id: 'socklens/calm:9477', job: 'socklens', instance: 'calm:9477', host: 'calm', status: 'live' },
      ...{ url: 'http://calm:7077', fullestDescriptors: 0.25, conntrack: 0.5, problems: {}, alerts: 0, notes: [] },
    },
  ]);
});

test('hosts: what was stored within a day is silent, not gone; what is configured is there in any case', async () => {
  const lastSeen = Math.floor(Date.now() / 1000) - 600;
  const store = new TestStore([
    info('here:9477', 'here', 'http://here:7077'),
    [LAST_SEEN, at('quiet:9477'), lastSeen],
    [LAST_SEEN, at('old:9477'), lastSeen - 86_400],
  ]);
  store.known = ['here', 'quiet', 'old', 'older'].map((host) => at(`${host}:9477`, { host, url: '' }));
  const fleet = new Fleet(store, { hosts: ['quiet:9477', 'new:9477'] });
  const { hosts } = await fleet.hosts();
  expect(hosts.map(({ instance, status, lastSeenMs }) => [instance, status, lastSeenMs])).toEqual([
    ['quiet:9477', 'silent', lastSeen * 1000],
    ['new:9477', 'unknown', undefined],
    ['here:9477', 'live', undefined],
  ]);
});

test('hosts: two serves under one name are told, and so is one that is stored twice', async () => {
  const store = new TestStore([
    info('one:9477', 'twin', 'http://10.0.0.1:7077'),
    info('two:9477', 'twin', 'http://10.0.0.2:7077'),
    info('both:9477', 'both', 'http://both:7077'),
    info('both', 'both', 'http://both:7077'),
    info('mixed', 'mixed', 'http://10.0.0.3:7077'),
    info('mixed', 'mixed', 'http://10.0.0.4:7077'),
    ['count_over_time(socklens_instance_info', at('mixed'), 2],
    info('flapping', 'flapping', 'http://127.0.0.1:7077'),
    ['process_start_time_seconds', at('flapping'), 12],
    // One that was started anew at another address: for a while both are stored.
    info('moved', 'moved', 'http://moved:1'),
    info('moved', 'moved', 'http://moved:2'),
  ]);
  const { hosts } = await new Fleet(store, NOBODY).hosts();
  const notes = Object.fromEntries(hosts.map((host) => [host.instance, host.notes]));
  expect(hosts).toHaveLength(7);
  expect(notes).toEqual({
    'one:9477': ['Another serve has the host name twin: two:9477.'],
    'two:9477': ['Another serve has the host name twin: one:9477.'],
    'both:9477': ['Stored twice, also as both: it is scraped and pushes.'],
    both: ['Stored twice, also as both:9477: it is scraped and pushes.'],
    mixed: [
      '2 serves have the instance mixed (mixed http://10.0.0.3:7077, mixed http://10.0.0.4:7077): their numbers are mixed. Give each a name of its own with --push-as.',
    ],
    flapping: [
      'It started 12 times within two minutes, or several serves have the instance flapping and their numbers are mixed: then give each a name of its own with --push-as.',
    ],
    moved: [],
  });
});

test('hosts: what is no address of a page becomes no link', async () => {
  const urls = [
    'javascript:alert(1)',
    'http://user:pass@host/',
    'data:text/html,x',
    '//host',
    'http://host:7077/a/?x#y',
  ];
  const store = new TestStore(urls.map((url, index) => info(`${index}`, `h${index}`, url)));
  const { hosts } = await new Fleet(store, NOBODY).hosts();
  expect(hosts.map(({ url }) => url)).toEqual([undefined, undefined, undefined, undefined, 'http://host:7077/a']);
});

test('alerts: those of rules that are about a host, else the series of them; the worst first', async () => {
  const store = new TestStore([
    info('db:9477', 'db', 'http://db:7077'),
    [
      'ALERTS{',
      {
        __name__: 'ALERTS',
        alertname: 'CloseWaitGrowing',
        alertstate: 'firing',
        severity: 'warning',
        ...at('db:9477'),
      },
      1,
    ],
    ['ALERTS{', { __name__: 'ALERTS', alertname: 'Other', alertstate: 'firing', ...at('db:9100') }, 1],
    ['ALERTS_FOR_STATE', { alertname: 'CloseWaitGrowing', severity: 'warning', ...at('db:9477') }, 1_796_000_000],
  ]);
  const ofSeries = await new Fleet(store, NOBODY).hosts();
  expect(ofSeries.alerts).toEqual([
    {
      ...{ name: 'CloseWaitGrowing', severity: 'warning', state: 'firing', host: 'socklens/db:9477' },
      ...{ instance: 'db:9477', sinceMs: 1_796_000_000_000 },
    },
  ]);
  expect(ofSeries.hosts[0]?.alerts).toBe(1);
  store.alerts = {
    alerts: [
      { labels: { alertname: 'A', instance: 'db:9477', severity: 'critical' }, state: 'pending' },
      {
        labels: { alertname: 'B', instance: 'db:9477', severity: 'warning', container: 'web' },
        ...{ annotations: { summary: 'web: a process is full' }, state: 'firing', activeAt: '2026-11-30T12:00:00Z' },
      },
      { labels: { alertname: 'OfAnotherJob', instance: 'db:9477', job: 'node' }, state: 'firing' },
      { labels: { alertname: 'SocklensDown', instance: 'gone:9477' }, state: 'firing' },
      { labels: 'nonsense', state: 'firing' },
      null,
    ],
  };
  const { alerts, hosts } = await new Fleet(store, NOBODY).hosts();
  expect(alerts.map(({ name, state, host }) => [name, state, host])).toEqual([
    ['B', 'firing', 'socklens/db:9477'],
    ['SocklensDown', 'firing', undefined],
    ['A', 'pending', 'socklens/db:9477'],
  ]);
  expect(alerts[0]).toMatchObject({
    container: 'web',
    summary: 'web: a process is full',
    sinceMs: Date.UTC(2026, 10, 30, 12),
  });
  expect(hosts[0]?.alerts).toBe(1);
});

test('containers: what is in trouble on any host; descriptors are asked for only where a host is full', async () => {
  const web = at('db:9477', { container: 'web', namespace: 'shop', pod: 'web-1' });
  const name = (metric: string, labels: StoreLabels, value: number): Series => [
    '__name__=~',
    { ...labels, __name__: metric },
    value,
  ];
  const api = at('db:9477', { container: 'api' });
  const store = new TestStore([
    info('db:9477', 'db', 'http://db:7077'),
    ['socklens_host_sockets{protocol="tcp",state="close_wait"}', at('db:9477'), 31],
    ['socklens_problems{severity="critical"}', web, 1],
    ['state="close_wait",instance="db:9477"} > 0', api, 31],
    name('socklens_problems', { ...web, rule: 'FD_NEAR_LIMIT', severity: 'critical' }, 1),
    name('socklens_problems', { ...web, rule: 'A_FACT', severity: 'info' }, 1),
    name('socklens_container_info', { ...web, image: 'shop/web:3', runtime: 'containerd' }, 1),
    name('socklens_container_fullest_process_fds', web, 900),
    name('socklens_container_fullest_process_fds_limit', web, 1024),
    name('socklens_container_sockets', { ...api, protocol: 'tcp', state: 'close_wait' }, 31),
    name('socklens_container_sockets', { ...api, protocol: 'tcp', state: 'time_wait' }, 5),
    name('socklens_container_sockets', { ...api, protocol: 'udp' }, 7),
    // Of the same name on another host.
    name(
      'socklens_container_sockets',
      { ...at('web:9477', { container: 'api' }), protocol: 'tcp', state: 'listen' },
      9,
    ),
  ]);
  const fleet = new Fleet(store, NOBODY);
  const { containers } = await fleet.containers(undefined);
  expect(containers).toEqual([
    {
      ...{ host: 'socklens/db:9477', instance: 'db:9477', name: 'web', namespace: 'shop', pod: 'web-1' },
      ...{ runtime: 'containerd', image: 'shop/web:3', descriptors: { used: 900, limit: 1024 } },
      problems: [{ rule: 'FD_NEAR_LIMIT', severity: 'critical' }],
    },
    {
      ...{ host: 'socklens/db:9477', instance: 'db:9477', name: 'api', problems: [] },
      ...{ open: 31, timeWait: 5, closeWait: 31 },
    },
  ]);
  const isOfFullest = (text: string) => text.includes('fds{instance') && text.startsWith('topk');
  expect(store.asked.some(isOfFullest)).toBe(false);
  store.series = [...store.series, ['socklens_host_fullest_fds_ratio', at('db:9477'), 0.9]];
  await new Fleet(store, NOBODY).containers(undefined);
  expect(store.asked.some(isOfFullest)).toBe(true);
  await expect(fleet.containers('nowhere')).rejects.toMatchObject({ kind: 'no-target' });
});

test('a name is a text in an expression, whatever it is', async () => {
  const store = new TestStore([]);
  await new Fleet(store, NOBODY).peers('a"} or vector(1) #\\');
  expect(store.asked).toEqual([
    String.raw`topk(101, sum by (peer, peer_port) (socklens_container_peer_connections{direction="outbound",peer=~"(?i).*a\"\\} or vector\\(1\\) #\\\\.*"}) > 0)`,
  ]);
});

test('several that ask at once ask the store once; a failure is told, and asked again', async () => {
  const store = new TestStore([]);
  const fleet = new Fleet(store, NOBODY);
  await Promise.all([fleet.hosts(), fleet.hosts(), fleet.hosts()]);
  const { length } = store.asked;
  expect(new Set(store.asked).size).toBe(length);
  const broken = new Fleet(store, NOBODY);
  store.fault = new StoreError('down', 'the store store.example:9090 does not answer');
  await expect(broken.hosts()).rejects.toThrow('does not answer');
  store.fault = undefined;
  expect((await broken.hosts()).hosts).toEqual([]);
});

test('a store is asked three questions at once, not more', async () => {
  let atOnce = 0;
  let most = 0;
  const store = new TestStore([]);
  const answer = store.query.bind(store);
  store.query = async (expression) => {
    most = Math.max(most, ++atOnce);
    await new Promise(setImmediate);
    atOnce--;
    return answer(expression);
  };
  const fleet = new Fleet(store, NOBODY);
  await Promise.all([fleet.hosts(), fleet.containers(undefined), fleet.peers('')]);
  expect([most, atOnce]).toEqual([3, 0]);
});
