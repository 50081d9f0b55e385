/** Servers that take no requests any more, with the real software, and busy ones that look like them. */
import { expect } from 'vitest';
import type { Finding } from '../../src/model/finding/finding.ts';
import { diagnose, prove } from '../support/doctor.ts';
import { startHaproxy } from '../support/software/haproxy.ts';
import { startMemcached } from '../support/software/memcached.ts';
import { startNginx } from '../support/software/nginx.ts';
import { startGunicorn, startUvicorn } from '../support/software/python-servers.ts';
import { HOLD, HTTP_CLIENT } from './incidents/clients.ts';
import type { Incident } from './incidents/incident.ts';
import { onStage } from './incidents/record.ts';
import { HAPROXY, NODE_SERVER } from './incidents/scenes/haproxy.ts';
import { NGINX } from './incidents/scenes/nginx.ts';
import { PYTHON_WEB, UPGRADE, WEBSOCKETS } from './incidents/scenes/python-web.ts';
import type { Stage } from './incidents/stage.ts';

/** What the doctor says of a scene in its default time. */
function said(scene: (stage: Stage) => Promise<void>, rules: readonly string[]): Promise<readonly Finding[]> {
  return onStage({ scene }, undefined, async ({ target }) => (await diagnose(target, { rules, for: '10s' })).findings);
}

function sceneOf(incidents: readonly Incident[], name: string): Incident['scene'] {
  const found = incidents.find((incident) => incident.name === name);
  if (found === undefined) throw new Error(`no incident ${name}`);
  return found.scene;
}

/** Each request takes two seconds of the only worker. */
const SLOW = `
import time
def app(environ, start_response):
    time.sleep(2)
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]
`;

/** Each request takes fifty milliseconds of a worker. */
const QUICK = SLOW.replace('sleep(2)', 'sleep(0.05)');

/** Long polls: each is answered after twenty seconds. */
const LONG_POLLS = `
import asyncio
async def app(scope, receive, send):
    if scope["type"] != "http": return
    await asyncio.sleep(20)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})
`;

prove({
  rule: 'ACCEPT_STUCK',
  how: 'namespace: two gunicorn workers that wait for an API without a timeout',
  lookAlike: 'a gunicorn worker busy for two seconds with each of many requests; long polls; websockets',
  fault: () => said(sceneOf(PYTHON_WEB, 'gunicorn-sync-workers-wait'), ['ACCEPT_STUCK']),
  check: (finding) => {
    expect(finding).toMatchObject({ severity: 'critical', confidence: 'high', about: 'port 8000' });
    expect(finding.summary).toMatch(
      /not accepted; it waits for 10\.20\.0\.2:http-alt, which has not answered 2 requests/,
    );
    expect(finding.fixes[0]?.text).toContain('with a timeout');
  },
  healthy: () =>
    said(
      async (stage) => {
        const [web, clients] = stage.network('web', 'clients');
        await startGunicorn(web, { source: SLOW, port: 8000 });
        await startUvicorn(web, { source: LONG_POLLS, port: 8001 });
        await stage.python(web, WEBSOCKETS);
        await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8000', '12', '0.1'] });
        await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8001', '20', '0.1'] });
        const sockets = await stage.python(clients, HOLD, { args: ['10.20.0.1', '8765', '30', UPGRADE] });
        await sockets.printed('open 30');
        await stage.reached('a queue', () => stage.queued(web, 8000) >= 5);
        await stage.reached('polls', () => stage.count(web, 'state', 'established', 'sport', '=', ':8001') >= 20);
      },
      ['ACCEPT_STUCK'],
    ),
  timeoutMs: 180_000,
});

prove({
  rule: 'CONNECTION_CAP',
  how: 'namespace: HAProxy with maxconn 60, sixty idle clients and 25 more',
  lookAlike: 'as many idle clients below maxconn; two gunicorn workers under a full load',
  fault: () => said(sceneOf(HAPROXY, 'haproxy-maxconn-idle-clients'), []),
  check: (finding) => {
    expect(finding).toMatchObject({ severity: 'critical', confidence: 'high', about: 'port 80' });
    expect(finding.summary).toMatch(
      /takes 60 connections on port 80 and no more, while 25 wait .*: 60 of them are idle/,
    );
    expect(finding.evidence).toContainEqual(
      expect.objectContaining({ what: 'its setting maxconn of global', value: 60 }),
    );
    expect(finding.fixes[0]).toMatchObject({ where: 'haproxy.cfg', snippet: expect.stringContaining('maxconn 85') });
  },
  healthy: () =>
    said(
      async (stage) => {
        const [balancer, app, clients] = stage.network('balancer', 'app', 'clients');
        await stage.node(app, NODE_SERVER, { args: ['3000', '5', '600000'] });
        const config = 'frontend web\n  bind :80\n  default_backend app\nbackend app\n  server one 10.20.0.2:3000\n';
        await startHaproxy(balancer, { global: 'maxconn 100', config, port: 80 });
        await startGunicorn(app, { source: QUICK, port: 8000, args: ['--workers', '2'] });
        const request = 'GET / HTTP/1.1\\r\\nHost: web\\r\\n\\r\\n';
        const idle = await stage.python(clients, HOLD, { args: ['10.20.0.1', '80', '60', request] });
        await idle.printed('open 60');
        await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.2', '8000', '20', '0', '/', 'close'] });
        await stage.reached('a queue', () => stage.queued(app, 8000) >= 5);
      },
      ['CONNECTION_CAP', 'ACCEPT_STUCK'],
    ),
  timeoutMs: 180_000,
});

/** Echoes of two bytes on new connections, and connects without anything, fifty a second: HOST PORT. */
const SHORT = `
import socket, sys, time
host, port = sys.argv[1], int(sys.argv[2])
print("ready")
while True:
    with socket.create_connection((host, port)) as connection:
        connection.sendall(b"version\\r\\n")
        connection.recv(100)
    socket.create_connection((host, port)).close()
    time.sleep(0.02)
`;

prove({
  rule: 'DROPPED_AFTER_ACCEPT',
  how: 'namespace: nginx whose worker_connections are used up by long polls',
  lookAlike:
    'HTTP without keep-alive and short answers, beside sixty idle clients; health checks; a short question to memcached',
  fault: () => said(sceneOf(NGINX, 'nginx-worker-connections'), []),
  check: (finding) => {
    expect(finding).toMatchObject({ severity: 'critical', confidence: 'high', about: 'port 80' });
    expect(finding.summary).toMatch(/it keeps \d+, probably its limit, worker_connections/);
    expect(finding.evidence).toContainEqual(
      expect.objectContaining({ what: 'its setting worker_connections', value: 64 }),
    );
    expect(finding.fixes[0]?.where).toBe('nginx.conf');
  },
  healthy: () =>
    said(
      async (stage) => {
        const [server, clients] = stage.network('server', 'clients');
        await startNginx(server, { http: 'server { listen 80; location / { return 200 ok; } }', port: 80 });
        await startMemcached(server);
        const request = 'GET / HTTP/1.1\\r\\nHost: web\\r\\n\\r\\n';
        const idle = await stage.python(clients, HOLD, { args: ['10.20.0.1', '80', '60', request] });
        await idle.printed('open 60');
        await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '80', '4', '0.05', '/', 'close'] });
        await stage.python(clients, SHORT, { args: ['10.20.0.1', '11211'] });
        await stage.python(clients, SHORT, { args: ['10.20.0.1', '80'] });
      },
      ['DROPPED_AFTER_ACCEPT', 'REFUSED_BY_SERVER'],
    ),
  timeoutMs: 180_000,
});
