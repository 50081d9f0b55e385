/** Web servers, proxies and clients that are busy and fine. */
import { startDnsmasq } from '../../../support/software/dnsmasq.ts';
import { startHaproxy } from '../../../support/software/haproxy.ts';
import { startNginx } from '../../../support/software/nginx.ts';
import { startPhpFpm } from '../../../support/software/php-fpm.ts';
import { startGunicorn, startUvicorn } from '../../../support/software/python-servers.ts';
import { HOLD, HTTP_CLIENT } from '../clients.ts';
import type { Healthy } from '../incident.ts';
import { NODE_SERVER } from './haproxy.ts';
import { keepaliveUpstream } from './nginx.ts';
import { UPGRADE, WEBSOCKETS } from './python-web.ts';

const WSGI = `
import time
def app(environ, start_response):
    time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]
`;

/** Long polls: an answer after five seconds. */
const LONG_POLL = `
import asyncio
async def app(scope, receive, send):
    if scope["type"] != "http": return
    await asyncio.sleep(5)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})
`;

/** A stream of events that does not end. */
const EVENT_STREAM = `
import asyncio
async def app(scope, receive, send):
    if scope["type"] != "http": return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    while True:
        await send({"type": "http.response.body", "body": b"data: tick\\n\\n", "more_body": True})
        await asyncio.sleep(1)
`;

/** Downloads at the speed of a slow line: THREADS BYTES-A-SECOND. */
const SLOW_READERS = `
import socket, sys, threading, time
def run():
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
    connection.connect(("10.20.0.1", 80))
    connection.sendall(b"GET /file HTTP/1.1\\r\\nHost: web\\r\\n\\r\\n")
    while True:
        if not connection.recv(int(sys.argv[2]) // 20): return
        time.sleep(0.05)
for _ in range(int(sys.argv[1])): threading.Thread(target=run, daemon=True).start()
print("ready")
time.sleep(1000)
`;

const LOOKUPS = `
import socket, threading, time
def run():
    while True:
        socket.getaddrinfo("db.test", 5432, socket.AF_INET)
        time.sleep(0.05)
for _ in range(4): threading.Thread(target=run, daemon=True).start()
print("ready")
time.sleep(1000)
`;

/** A file without an end. */
const ENDLESS = `
import http from 'node:http';
http.createServer((request, response) => {
  const more = () => { while (response.write(Buffer.alloc(16384, 'x'))); };
  response.on('drain', more);
  response.on('error', () => {});
  more();
}).listen(8080, () => console.log('ready'));
`;

/** A cluster of two processes that share a port. */
const CLUSTER = `
import cluster from 'node:cluster';
import http from 'node:http';
if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
  let listening = 0;
  cluster.on('listening', () => { if (++listening === 2) console.log('ready'); });
} else http.createServer((request, response) => setTimeout(() => response.end('hello'), 5)).listen(3000);
`;

export const HEALTHY_WEB: readonly Healthy[] = [
  {
    name: 'healthy-load-test',
    story: 'A load generator with fifty connections that are kept, against a proxy with an application behind it.',
    async scene(stage) {
      const [proxy, app, clients] = stage.network('proxy', 'app', 'clients');
      await stage.node(app, NODE_SERVER, { args: ['3000', '5', '75000'] });
      await startNginx(proxy, { http: keepaliveUpstream('10.20.0.2'), port: 80 });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '80', '50', '0.1'] });
    },
  },
  {
    name: 'healthy-gunicorn-sync-workers',
    story: 'Four synchronous workers, which close after each answer, with twenty requests a second.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      await startGunicorn(web, { source: WSGI, args: ['--workers', '4'] });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8000', '4', '0.2'] });
    },
  },
  {
    name: 'healthy-haproxy-health-checks',
    story: 'Health checks of four servers every half second, each a connection of its own, and a little traffic.',
    async scene(stage) {
      const [balancer, app, clients] = stage.network('balancer', 'app', 'clients');
      for (const port of ['3001', '3002', '3003', '3004']) {
        await stage.node(app, NODE_SERVER, { args: [port, '2', '75000'] });
      }
      const servers = [1, 2, 3, 4].map((each) => `  server s${each} 10.20.0.2:300${each} check inter 500`);
      const config = `listen web\n  bind :80\n  option httpchk GET /\n${servers.join('\n')}\n`;
      await startHaproxy(balancer, { config, port: 80 });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '80', '8', '0.2'] });
    },
  },
  {
    name: 'healthy-websocket-fleet',
    story: 'Three hundred WebSocket clients that say nothing.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      await stage.python(web, WEBSOCKETS, { nofile: 4096 });
      await stage.python(clients, HOLD, { args: ['10.20.0.1', '8765', '300', UPGRADE] });
      await stage.reached('clients', () => stage.count(clients, 'state', 'established', 'dport', '=', ':8765') >= 300);
    },
  },
  {
    name: 'healthy-long-polls',
    story: 'Sixty long polls, each answered after five seconds and asked again.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      await startUvicorn(web, { source: LONG_POLL });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8000', '60', '0.1'] });
      await stage.reached('polls', () => stage.count(web, 'state', 'established', 'sport', '=', ':8000') >= 50);
    },
  },
  {
    name: 'healthy-event-streams',
    story: 'A hundred clients of an endless stream with one event a second.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      await startUvicorn(web, { source: EVENT_STREAM });
      const request = 'GET / HTTP/1.1\\r\\nHost: web\\r\\n\\r\\n';
      await stage.python(clients, HOLD, { args: ['10.20.0.1', '8000', '100', request] });
      await stage.reached('streams', () => stage.count(web, 'state', 'established', 'sport', '=', ':8000') >= 100);
    },
  },
  {
    name: 'healthy-slow-downloads',
    story:
      'Twenty clients on slow lines download a large file: their windows are nearly full, and they read all the time.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      stage.hide(clients);
      await startNginx(web, {
        http: 'server { listen 80; location /file { proxy_pass http://127.0.0.1:8080/file; proxy_buffering off; } }',
        port: 80,
      });
      await stage.node(web, ENDLESS);
      await stage.python(clients, SLOW_READERS, { args: ['20', '100000'] });
      await stage.reached('downloads', () => stage.count(web, 'state', 'established', 'sport', '=', ':80') >= 20);
    },
  },
  {
    name: 'healthy-php-fpm',
    story: 'A static pool of PHP-FPM under moderate load, over a UNIX socket.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      const fpm = await startPhpFpm(web, { source: '<?php usleep(10000); echo "hello";' });
      const pass = `fastcgi_pass unix:${fpm.folder}/fpm.sock;`;
      const location = `include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME ${fpm.folder}/index.php; ${pass}`;
      await startNginx(web, { http: `server { listen 80; location / { ${location} } }`, port: 80 });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '80', '10', '0.1'] });
    },
  },
  {
    name: 'healthy-nginx-reload',
    story: 'nginx is reloaded gracefully while it is busy: old workers finish, new ones take over.',
    async scene(stage) {
      const [proxy, app, clients] = stage.network('proxy', 'app', 'clients');
      await stage.node(app, NODE_SERVER, { args: ['3000', '20', '75000'] });
      const nginx = await startNginx(proxy, { http: keepaliveUpstream('10.20.0.2'), port: 80, workers: 2 });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '80', '20', '0.1'] });
      stage.every(3000, () => process.kill(nginx.pid, 'SIGHUP'));
    },
  },
  {
    name: 'healthy-dns-lookups',
    story: 'Eighty lookups a second, all of which are answered at once.',
    async scene(stage) {
      const [app, dns] = stage.network('app', 'dns');
      await startDnsmasq(dns, { address: '10.20.0.2', hosts: { 'db.test': '10.20.0.9' } });
      await stage.python(app, LOOKUPS, { resolvConf: 'nameserver 10.20.0.2\n' });
    },
  },
  {
    name: 'healthy-node-cluster',
    story: 'Two processes of a cluster share a port; clients keep their connections.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      await stage.node(web, CLUSTER);
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '3000', '30', '0.1'] });
    },
  },
  {
    name: 'healthy-short-connections',
    story: 'A scrape and a health check from outside, two connections a second in all, closed by the client.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      await stage.node(web, NODE_SERVER, { args: ['3000', '1', '5000'] });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '3000', '2', '1', '/', 'close'] });
    },
  },
];
