/** Real proxies and servers: connections that are opened for each request, by whose fault and by whose design. */
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Finding } from '../../src/model/finding/finding.ts';
import { diagnose } from '../support/doctor.ts';
import { connectNetns, createNetns, removeAllNetns, type TestNetns, until } from '../support/netns.ts';
import type { ServicePlan } from '../support/recipes/service.ts';
import { startNginx } from '../support/software/nginx.ts';
import { missingProgram, stopSoftware } from '../support/software/program.ts';
import { startGunicorn } from '../support/software/python-servers.ts';

const SERVICE = path.resolve(import.meta.dirname, '../support/recipes/service-main.ts');
const missing = missingProgram('nginx', 'gunicorn');
/** The upstreams of the proxy: what listens there, and how the proxy uses it. */
const [SYNC_WORKERS, ASKED_TO_CLOSE, KEPT] = [8000, 8001, 8002];
const MINUTE_MS = 120_000;

const APP = `
def app(environ, start_response):
    start_response('200 OK', [('Content-Length', '2')])
    return [b'ok']
`;

const proxy = (port: number, upstream: number, lines = '') => `
  upstream u${upstream} { server 127.0.0.1:${upstream}; ${upstream === KEPT ? 'keepalive 8;' : ''} }
  server { listen ${port}; location / { proxy_pass http://u${upstream}; ${lines} } }`;

let left: TestNetns;
let findings: readonly Finding[];

beforeAll(async () => {
  if (missing !== undefined) return;
  left = createNetns();
  const right = createNetns();
  connectNetns({ netns: left, addresses: ['10.79.1.1/24'] }, { netns: right, addresses: ['10.79.1.2/24'] });
  await startGunicorn(left, { source: APP, port: SYNC_WORKERS, args: ['application:app'] });
  await startNginx(left, {
    port: 9000,
    http: [
      `server { listen ${ASKED_TO_CLOSE}; listen ${KEPT}; return 200 ok; }`,
      proxy(9000, SYNC_WORKERS, 'proxy_http_version 1.1; proxy_set_header Connection "";'),
      proxy(9001, ASKED_TO_CLOSE),
      proxy(9002, KEPT, 'proxy_http_version 1.1; proxy_set_header Connection "";'),
    ].join('\n'),
  });
  for (const port of [9000, 9001, 9002]) {
    const plan: ServicePlan = { role: 'load', hosts: ['10.79.1.1'], port, workers: 2, thinkMs: 50 };
    const child = right.spawnNode(SERVICE, [JSON.stringify(plan)], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (child.stdout === null) throw new Error('the program has no stdout');
    await once(child.stdout, 'data');
  }
  await until('closed connections of nearly a minute', () => oldestMs(left) > 57_000, MINUTE_MS);
  // As it is called: ten seconds, all rules.
  ({ findings } = await diagnose(`netns:${left.name}`, { for: '10s' }));
}, MINUTE_MS + 60_000);

afterAll(async () => {
  await stopSoftware();
  removeAllNetns();
});

/** Age of the oldest TIME_WAIT entry of both upstreams that close, as ss prints their timers: `timer:(timewait,2.300ms,0)`, `59sec`. */
function oldestMs(netns: TestNetns): number {
  const ages = [SYNC_WORKERS, ASKED_TO_CLOSE].map((port) => {
    const text = netns.run('ss', '-Htno', 'state', 'time-wait', `( sport = :${port} )`);
    const left = [...text.matchAll(/timer:\(timewait,(?:(\d+)min)?(?:([\d.]+)(sec|ms))?/g)].map(
      ([, minutes = '0', rest = '0', unit]) =>
        Number(minutes) * 60_000 + (unit === 'sec' ? Number(rest) * 1000 : seconds(rest)),
    );
    return left.length === 0 ? 0 : 60_000 - Math.min(...left);
  });
  return Math.min(...ages);
}

/** `2.300` before `ms` are 2,300 milliseconds. */
function seconds(text: string): number {
  return text.includes('.') ? Number(text) * 1000 : Number(text);
}

function churnAt(port: number): Finding | undefined {
  return findings.find(({ rule, byHand }) => rule === 'CONN_CHURN' && byHand.includes(`127.0.0.1:${port}`));
}

test.skipIf(missing !== undefined)(
  'a proxy that asks its upstream to close is named in the default ten seconds, with its setting',
  () => {
    expect(churnAt(ASKED_TO_CLOSE)).toMatchObject({ severity: 'warning', confidence: 'high' });
    expect(churnAt(ASKED_TO_CLOSE)?.fixes.map(({ where }) => where)).toEqual(['nginx', 'the server']);
  },
);

test.skipIf(missing !== undefined)(
  'sync workers, which cannot keep connections, are no fault and not advised to keep them',
  () => {
    expect(churnAt(SYNC_WORKERS)).toMatchObject({
      severity: 'info',
      summary: expect.stringContaining('gunicorn ends each after its answer'),
    });
    expect(churnAt(SYNC_WORKERS)?.fixes.map(({ where }) => where)).toEqual(['gunicorn']);
  },
);

test.skipIf(missing !== undefined)(
  'a proxy that keeps its upstream connections is quiet, and so is everything else',
  () => {
    expect(churnAt(KEPT)).toBeUndefined();
    const loud = findings.filter(({ severity, rule }) => severity !== 'info' && rule !== 'CONN_CHURN');
    expect(loud.map(({ rule, summary }) => `${rule}: ${summary}`)).toEqual([]);
  },
);
