/** Real software in health, as it is configured by default, with every rule and its default thresholds: nothing to fix. */
import { once } from 'node:events';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Diagnosis } from '../../src/model/finding/diagnosis.ts';
import { diagnose } from '../support/doctor.ts';
import { connectNetns, createNetns, removeAllNetns, type TestNetns, until } from '../support/netns.ts';
import type { ServicePlan } from '../support/recipes/service.ts';
import { startHaproxy } from '../support/software/haproxy.ts';
import { startNginx } from '../support/software/nginx.ts';
import { missingProgram, programPath, stopSoftware } from '../support/software/program.ts';
import { startGunicorn } from '../support/software/python-servers.ts';
import { startRedis } from '../support/software/redis.ts';

const SERVICE = path.resolve(import.meta.dirname, '../support/recipes/service-main.ts');
const missing = missingProgram('nginx', 'haproxy', 'redis-server', 'redis-benchmark', 'gunicorn', 'wrk');
const TIMEOUT_MS = 120_000;

afterEach(async () => {
  await stopSoftware();
  removeAllNetns();
});

async function start(netns: TestNetns, plan: ServicePlan): Promise<void> {
  const child = netns.spawnNode(SERVICE, [JSON.stringify(plan)], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('the program has no stdout');
  await once(child.stdout, 'data');
}

/** Two namespaces on one wire: the services, and their clients. */
function pair(network: number): { left: TestNetns; right: TestNetns; address: string } {
  const [left, right] = [createNetns(), createNetns()];
  const address = `10.88.${network}.1`;
  connectNetns({ netns: left, addresses: [`${address}/24`] }, { netns: right, addresses: [`10.88.${network}.2/24`] });
  return { left, right, address };
}

function established(netns: TestNetns, port: number): number {
  return netns.run('ss', '-tnH', 'state', 'established', `( dport = :${port} )`).split('\n').length - 1;
}

function loud({ findings }: Diagnosis): string[] {
  return findings
    .filter(({ severity }) => severity !== 'info')
    .map(({ rule, scope, summary }) => `${rule} ${scope.name}: ${summary}`);
}

/** As it is called without options. */
const examined = (...netns: readonly TestNetns[]) =>
  diagnose(netns.map(({ name }) => `netns:${name}`).join(','), { for: '10s' });

test.skipIf(missing !== undefined)(
  'HAProxy with health checks every second, Node behind it, Redis, and a job that connects once a second',
  {
    timeout: TIMEOUT_MS,
  },
  async () => {
    const { left, right, address } = pair(1);
    for (const port of [9001, 9002]) await start(left, { role: 'web', port });
    await startRedis(left, {});
    await startHaproxy(left, {
      port: 8080,
      config: `
frontend web
  bind :8080
  default_backend app
backend app
  option httpchk GET /
  server one 127.0.0.1:9001 check inter 1s
  server two 127.0.0.1:9002 check inter 1s
`,
    });
    await start(right, { role: 'load', hosts: [address], port: 8080, workers: 30, thinkMs: 100 });
    await start(right, { role: 'check', host: address, port: 8080, everyMs: 1000 });
    right.spawn(
      programPath('redis-benchmark'),
      ['-h', address, '-c', '20', '-n', '100000000', '-t', 'ping', '--threads', '1', '-q'],
      { stdio: 'ignore' },
    );
    await until('clients', () => established(right, 8080) >= 30 && established(right, 6379) >= 20);
    expect(loud(await examined(left, right))).toEqual([]);
  },
);

test.skipIf(missing !== undefined)(
  'a load test with keep-alive against nginx, and one that opens a connection for each request',
  {
    timeout: TIMEOUT_MS,
  },
  async () => {
    const { left, right, address } = pair(2);
    await startNginx(left, { port: 8080, http: 'server { listen 8080; return 200 ok; }' });
    const wrk = (...args: string[]) =>
      right.spawn(programPath('wrk'), ['-t', '1', '-d', '60', ...args, `http://${address}:8080/`], { stdio: 'ignore' });
    wrk('-c', '40');
    wrk('-c', '2', '-H', 'Connection: close');
    await until('the load', () => established(right, 8080) >= 40);
    expect(loud(await examined(left))).toEqual([]);
  },
);

test.skipIf(missing !== undefined)(
  'gunicorn with sync workers behind nginx, at a rate that its workers manage',
  {
    timeout: TIMEOUT_MS,
  },
  async () => {
    const { left, right, address } = pair(3);
    const source = "def app(environ, start):\n    start('200 OK', [('Content-Length', '2')])\n    return [b'ok']\n";
    await startGunicorn(left, { source, port: 8000, args: ['--workers', '2', 'application:app'] });
    await startNginx(left, {
      port: 8080,
      http: 'server { listen 8080; location / { proxy_pass http://127.0.0.1:8000; } }',
    });
    await start(right, { role: 'load', hosts: [address], port: 8080, workers: 4, thinkMs: 50 });
    await until('the load', () => established(right, 8080) === 4);
    expect(loud(await examined(left, right))).toEqual([]);
  },
);
