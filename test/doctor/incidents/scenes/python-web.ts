/** Web servers and clients in Python. */
import { startNginx } from '../../../support/software/nginx.ts';
import { startGunicorn, startUvicorn } from '../../../support/software/python-servers.ts';
import { HOLD, HTTP_CLIENT, SILENT } from '../clients.ts';
import type { Incident } from '../incident.ts';
import { NODE_SERVER } from './haproxy.ts';
import { IDLE_BURSTS, keepaliveUpstream } from './nginx.ts';

const HELLO = `
def app(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]
`;

const CALLS_API = `
import requests
def app(environ, start_response):
    requests.get("http://10.20.0.2:8080/")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]
`;

/** A coroutine that calls a blocking function. */
const BLOCKS_LOOP = `
import requests
async def app(scope, receive, send):
    if scope["type"] != "http": return
    requests.get("http://10.20.0.2:8080/")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})
`;

/** A session for every call, kept in a list as the objects of a class would keep it, and never closed. */
const SESSIONS = `
import requests, time
print("ready")
kept = []
while True:
    session = requests.Session()
    session.get("http://10.20.0.2:3000/")
    kept.append(session)
    time.sleep(0.1)
`;

/** The same with aiohttp; the server keeps the connections open for long. */
const AIOHTTP_SESSIONS = `
import aiohttp, asyncio
async def main():
    print("ready")
    kept = []
    while True:
        session = aiohttp.ClientSession()
        async with session.get("http://10.20.0.2:3000/") as answer: await answer.read()
        kept.append(session)
        await asyncio.sleep(0.25)
asyncio.run(main())
`;

export const WEBSOCKETS = `
import asyncio, websockets
async def serve(socket, path=None):
    async for message in socket: await socket.send(message)
async def main():
    async with websockets.serve(serve, "0.0.0.0", 8765, ping_interval=None):
        print("ready")
        await asyncio.Future()
asyncio.run(main())
`;

/** The request that makes a WebSocket of a connection. */
export const UPGRADE =
  'GET / HTTP/1.1\\r\\nHost: ws\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n';

/** The HTTP server of Python's library, whose backlog is five. */
const SHORT_BACKLOG = `
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")
    def log_message(self, *_): pass
server = ThreadingHTTPServer(("0.0.0.0", 8000), Handler)
print("ready")
server.serve_forever()
`;

/** Sixty connections at once, every half second. */
const SIXTY_AT_ONCE = `
import asyncio
async def one():
    try:
        reader, writer = await asyncio.open_connection("10.20.0.1", 8000)
        writer.write(b"GET / HTTP/1.0\\r\\n\\r\\n")
        await reader.read()
        writer.close()
    except OSError: pass
async def main():
    print("ready")
    while True:
        waiting = [asyncio.ensure_future(one()) for _ in range(60)]
        await asyncio.sleep(0.5)
asyncio.run(main())
`;

export const PYTHON_WEB: readonly Incident[] = [
  {
    name: 'gunicorn-sync-workers-wait',
    report: 'https://github.com/benoitc/gunicorn/issues/1655',
    story: 'Both synchronous workers wait for an API without a timeout; every other request stays in the accept queue.',
    async scene(stage) {
      const [web, api, clients] = stage.network('web', 'api', 'clients');
      await stage.python(api, SILENT, { args: ['8080'] });
      await startGunicorn(web, { source: CALLS_API, args: ['--workers', '2', '--timeout', '600'] });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8000', '40', '0.2'] });
      await stage.reached('a queue', () => stage.queued(web, 8000) >= 35);
    },
    expected: {
      rules: ['ACCEPT_STUCK'],
      place: /8000|gunicorn/,
      says: [/8080|10\.20\.0\.2|timeout/i],
      never: [/somaxconn|backlog/i],
      beside: [],
    },
  },
  {
    name: 'gunicorn-calls-itself',
    report: 'https://github.com/benoitc/gunicorn/issues/1878',
    story:
      'The only worker asks its own server for something, and waits for the request that is behind it in the queue.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      const source = CALLS_API.replace('10.20.0.2:8080', '127.0.0.1:8000');
      await startGunicorn(web, { source, args: ['--workers', '1', '--timeout', '600'] });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8000', '20', '0.2'] });
      await stage.reached('a queue', () => stage.queued(web, 8000) >= 18);
    },
    expected: {
      rules: ['ACCEPT_STUCK'],
      place: /8000|gunicorn/,
      says: [/8000|timeout|itself|worker/i],
      never: [/somaxconn|raise.*backlog/i],
      beside: [],
    },
  },
  {
    name: 'listen-backlog-of-five',
    report: 'https://github.com/oVirt/ovirt-imageio/pull/50',
    story: 'A server that accepts fast, but asked for a backlog of five: bursts overflow it, and SYNs are dropped.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      stage.hide(clients);
      await stage.python(web, SHORT_BACKLOG);
      await stage.python(clients, SIXTY_AT_ONCE);
      await stage.reached('overflows', () =>
        /Overflows +\d{2,}/.test(web.run('nstat', '-asz', 'TcpExtListenOverflows')),
      );
    },
    expected: {
      rules: ['LISTEN_OVERFLOW', 'BACKLOG_CLAMPED'],
      place: /8000|python/,
      says: [/request_queue_size|backlog/i],
      never: [/workers that all wait/i],
      beside: ['LISTEN_OVERFLOW', 'BACKLOG_CLAMPED', 'CONN_CHURN'],
    },
  },
  {
    name: 'uvicorn-blocked-event-loop',
    report: 'https://github.com/Kludex/starlette/issues/2972',
    story: 'A coroutine makes a blocking call: the event loop stands still, and accepted requests are not read.',
    async scene(stage) {
      const [web, api, clients] = stage.network('web', 'api', 'clients');
      await stage.python(api, SILENT, { args: ['8080'] });
      await startUvicorn(web, { source: BLOCKS_LOOP });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8000', '40', '0.2'] });
      await stage.reached(
        'a blocked request',
        () => stage.count(web, 'state', 'established', 'dport', '=', ':8080') >= 1,
      );
      await stage.reached('the others', () => stage.count(web, 'state', 'established', 'sport', '=', ':8000') >= 40);
    },
    expected: {
      rules: ['ACCEPT_STUCK'],
      place: /8000|uvicorn/,
      says: [/8080|10\.20\.0\.2|timeout|block/i],
      never: [/somaxconn|raise.*backlog/i],
      beside: [],
    },
  },
  {
    name: 'requests-session-per-call',
    report: 'https://github.com/psf/requests/issues/5002',
    story: 'A session for each call, never closed: the server ends its idle connections, the client leaves CLOSE_WAIT.',
    async scene(stage) {
      const [worker, api] = stage.network('worker', 'api');
      await stage.node(api, NODE_SERVER, { args: ['3000', '5', '1000'] });
      await stage.python(worker, SESSIONS);
      await stage.reached('CLOSE_WAIT', () => stage.count(worker, 'state', 'close-wait') >= 60);
    },
    expected: {
      rules: ['CLOSE_WAIT_LEAK', 'LEAK_RISING'],
      place: /3000|worker|python/,
      says: [/close/i],
      never: [/ulimit -n/],
      beside: ['CLOSE_WAIT_LEAK', 'LEAK_RISING', 'FIN_WAIT_STUCK'],
    },
  },
  {
    name: 'aiohttp-session-per-call',
    report: 'https://github.com/lablup/backend.ai/issues/4477',
    story: 'The same against a server that keeps idle connections for minutes: established ones that only rise.',
    async scene(stage) {
      const [worker, api] = stage.network('worker', 'api');
      await stage.node(api, NODE_SERVER, { args: ['3000', '5', '600000'] });
      await stage.python(worker, AIOHTTP_SESSIONS);
      await stage.reached('sessions', () => stage.count(worker, 'state', 'established', 'dport', '=', ':3000') >= 40);
    },
    expected: {
      rules: ['LEAK_RISING'],
      place: /3000|worker|python/,
      says: [/session|close|one client|reuse/i],
      beside: ['POOL_OVERRUN', 'POOL_IDLE_SURPLUS'],
    },
  },
  {
    name: 'websockets-out-of-descriptors',
    report: 'https://github.com/python-websockets/websockets/issues/822',
    story: 'A WebSocket server reaches its limit of open files: accept() fails, and new clients hang.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      await stage.python(web, WEBSOCKETS, { nofile: 128 });
      await stage.python(clients, HOLD, { args: ['10.20.0.1', '8765', '150', UPGRADE] });
      await stage.reached('a queue', () => stage.queued(web, 8765) >= 20);
    },
    expected: {
      rules: ['NOFILE_ACCEPT_STARVED', 'NOFILE_NEAR_LIMIT', 'LIMIT_MISMATCH'],
      place: /8765|python/,
      says: [/nofile/i],
      beside: [
        'NOFILE_NEAR_LIMIT',
        'LIMIT_MISMATCH',
        'LISTEN_OVERFLOW',
        'ACCEPT_STUCK',
        'BACKLOG_CLAMPED',
        'CONNECTION_CAP',
      ],
    },
  },
  {
    name: 'gunicorn-keepalive-behind-proxy',
    report: 'https://github.com/ONSdigital/eq-survey-runner/pull/2379',
    story: 'The keep-alive of gunicorn is two seconds, that of the proxy before it a minute: now and then a 502.',
    async scene(stage) {
      const [proxy, clients] = stage.network('proxy', 'clients');
      const app = stage.netns('app');
      await stage.slowLink(proxy, app, 150);
      await startGunicorn(app, { source: HELLO, port: 3000, args: ['--worker-class', 'gthread', '--threads', '40'] });
      await startNginx(proxy, { http: keepaliveUpstream('10.21.0.2'), port: 80 });
      // It looks once a second which connections were idle for too long.
      const script = await stage.python(clients, IDLE_BURSTS, { args: ['10.20.0.1', '80', '24', '2.2', '0.4'] });
      await script.printed('status 502');
    },
    forMs: 15_000,
    expected: {
      rules: ['KEEPALIVE_MISMATCH'],
      place: /3000|nginx/,
      says: [/keep.?alive/i],
      never: [/ulimit|somaxconn/i],
      beside: ['CONN_CHURN'],
    },
  },
];
