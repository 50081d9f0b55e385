/** nginx in front of application servers. */

import { startNginx } from '../../../support/software/nginx.ts';
import { startGunicorn } from '../../../support/software/python-servers.ts';
import { HOLD, HTTP_CLIENT } from '../clients.ts';
import type { Incident } from '../incident.ts';
import { NODE_SERVER } from './haproxy.ts';

/**
 * Asks through the proxy for something on THREADS connections at the same time, every GAP seconds give or take JITTER:
 * about as long as the server keeps idle ones.
 */
export const IDLE_BURSTS = `
import http.client, random, sys, threading, time
host, port, threads, gap, jitter = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5])
def ask():
    try:
        connection = http.client.HTTPConnection(host, port, timeout=30)
        connection.request("POST", "/", b"x")
        answer = connection.getresponse()
        answer.read()
        print("status", answer.status)
        connection.close()
    except Exception as error: print("error", error)
print("ready")
while True:
    all = [threading.Thread(target=ask) for _ in range(threads)]
    for each in all: each.start()
    for each in all: each.join()
    time.sleep(gap + random.uniform(-jitter, jitter))
`;

/** A proxy with an upstream that keeps connections. */
export function keepaliveUpstream(address: string): string {
  return `
  upstream app { server ${address}:3000; keepalive 32; }
  server { listen 80; location / {
    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://app; proxy_next_upstream off;
  } }`;
}

const SLOW_WSGI = `
import time
def app(environ, start_response):
    time.sleep(8)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]
`;

export const NGINX: readonly Incident[] = [
  {
    name: 'nginx-reuseport-stopped-worker',
    report: 'https://github.com/ZoeyVid/NPMplus/issues/2575',
    story: 'One of four workers with a listener each has stopped: a quarter of the clients wait for ever.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      const server = await startNginx(web, {
        http: 'server { listen 80 reuseport; return 200 hello; }',
        workers: 4,
        port: 80,
      });
      const children = web.run('ps', '--ppid', String(server.pid), '-o', 'pid=').trim().split(/\s+/);
      process.kill(Number(children[0]), 'SIGSTOP');
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '80', '40', '0.3', '/', 'close'] });
      await stage.reached(
        'waiting clients',
        () => stage.queued(web, 80) + stage.count(web, 'state', 'established') > 8,
      );
    },
    expected: {
      rules: ['REUSEPORT_IMBALANCE'],
      place: /:?80|http|nginx/,
      says: [/worker/],
      never: [/somaxconn|backlog/i],
      beside: [],
    },
  },
  {
    name: 'nginx-upstream-keepalive-shorter',
    report: 'https://github.com/jetty/jetty.project/issues/2306',
    story:
      'The server closes idle connections before the proxy does: now and then a request meets the close, and is a 502.',
    async scene(stage) {
      const [proxy, clients] = stage.network('proxy', 'clients');
      const app = stage.netns('app');
      // Another zone: what the server closes is still open here for 20 ms.
      await stage.slowLink(proxy, app, 20);
      await stage.node(app, NODE_SERVER, { args: ['3000', '5', '1000'] });
      await startNginx(proxy, { http: keepaliveUpstream('10.21.0.2'), port: 80 });
      // Node adds a second to its timeout; requests and answers are 20 ms on the way.
      const script = await stage.python(clients, IDLE_BURSTS, { args: ['10.20.0.1', '80', '24', '1.975', '0.05'] });
      await script.printed('status 502');
    },
    forMs: 15_000,
    expected: {
      rules: ['KEEPALIVE_MISMATCH'],
      place: /3000|nginx/,
      says: [/keepAliveTimeout|keepalive_timeout/],
      never: [/ulimit|somaxconn/i],
      beside: ['CONN_CHURN'],
    },
  },
  {
    name: 'nginx-worker-connections',
    report: 'https://github.com/medic/cht-core/issues/2885',
    story: 'Long polls use both sides of a connection: worker_connections runs out, and nginx drops new clients.',
    async scene(stage) {
      const [proxy, app, clients] = stage.network('proxy', 'app', 'clients');
      await stage.node(app, NODE_SERVER, { args: ['3000', '100000', '60000'] });
      const http = 'server { listen 80; location / { proxy_pass http://10.20.0.2:3000; proxy_read_timeout 300s; } }';
      const nginx = await startNginx(proxy, { http, events: 'worker_connections 64;', port: 80 });
      const request = 'GET / HTTP/1.1\\r\\nHost: web\\r\\n\\r\\n';
      await stage.python(clients, HOLD, { args: ['10.20.0.1', '80', '28', request] });
      await stage.reached('long polls', () => stage.count(proxy, 'state', 'established', 'dport', '=', ':3000') >= 28);
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '80', '30', '0.2'] });
      await stage.reached('the limit', () => nginx.log().includes('worker_connections are not enough'));
    },
    expected: {
      rules: ['DROPPED_AFTER_ACCEPT', 'CONNECTION_CAP'],
      place: /80|http|nginx/,
      says: [/worker_connections/],
      never: [/ulimit|LimitNOFILE|somaxconn/i],
      beside: ['CONN_CHURN', 'ACCEPT_STUCK'],
    },
  },
  {
    name: 'nginx-no-upstream-keepalive-ports',
    report: 'https://github.com/openstreetmap/operations/issues/335',
    story:
      'A proxy without keep-alive to its upstream uses a port for every request, until none is left: EADDRNOTAVAIL.',
    async scene(stage) {
      const [proxy, app, clients] = stage.network('proxy', 'app', 'clients');
      proxy.run('sh', '-c', 'echo 32768 33767 > /proc/sys/net/ipv4/ip_local_port_range');
      proxy.run('sh', '-c', 'echo 0 > /proc/sys/net/ipv4/tcp_tw_reuse');
      await startNginx(app, { http: 'server { listen 3000; location / { return 200 hello; } }', port: 3000 });
      // HTTP/1.1 without "Connection: close", but without a keepalive either: the proxy closes each connection first.
      const pass = 'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://10.20.0.2:3000;';
      const http = `server { listen 80; location / { ${pass} } }`;
      const nginx = await startNginx(proxy, { http, port: 80 });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '80', '16', '0.01'] });
      await stage.reached('no port left', () => nginx.log().includes('Cannot assign requested address'));
    },
    expected: {
      rules: ['EPHEMERAL_EXHAUSTION', 'TIME_WAIT_PILEUP', 'CONN_CHURN'],
      place: /3000|nginx|proxy/,
      says: [/keepalive/],
      never: [/tcp_tw_recycle|ulimit/],
      beside: ['EPHEMERAL_EXHAUSTION', 'TIME_WAIT_PILEUP', 'CONN_CHURN'],
    },
  },
  {
    name: 'nginx-unix-socket-backlog',
    report: 'https://github.com/platformsh/platformsh-docs/pull/1799',
    story: 'gunicorn behind a UNIX socket with a short backlog and slow requests: connect() answers EAGAIN, nginx 502.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      const args = ['--backlog', '16', '--timeout', '120', '--workers', '2'];
      const app = await startGunicorn(web, { source: SLOW_WSGI, args, unix: true });
      const http = `server { listen 80; location / { proxy_pass http://unix:${app.folder}/socket:/; proxy_read_timeout 120s; } }`;
      const nginx = await startNginx(web, { http, port: 80 });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '80', '40', '0.2', '/', 'close'] });
      await stage.reached('EAGAIN', () => nginx.log().includes('Resource temporarily unavailable'));
    },
    expected: {
      rules: ['UNIX_BACKLOG', 'ACCEPT_STUCK'],
      place: /gunicorn|socket/,
      says: [/worker|thread|backlog/i],
      beside: ['UNIX_BACKLOG', 'ACCEPT_STUCK', 'CONN_CHURN'],
    },
  },
];
