/** Containers that look for others where these are not. */
import { startNginx } from '../../../support/software/nginx.ts';
import { startPostgres } from '../../../support/software/postgres.ts';
import { startRedis } from '../../../support/software/redis.ts';
import { HTTP_CLIENT } from '../clients.ts';
import type { Healthy, Incident } from '../incident.ts';
import { NODE_SERVER } from './haproxy.ts';

/** Connects to the database that it takes to be on its own host. */
const LOCALHOST = `
import psycopg2, time
print("ready")
while True:
    try: psycopg2.connect(host="localhost", user="postgres", dbname="postgres").close()
    except psycopg2.OperationalError as error: print("error", error)
    time.sleep(0.2)
`;

/** A name server that takes queries and answers none. */
const SILENT_DNS = `
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("0.0.0.0", 53))
print("ready")
while True: server.recvfrom(2000)
`;

const LOOKUPS = `
import socket, threading, time
def run():
    while True:
        begin = time.monotonic()
        try: socket.getaddrinfo("api.partner.example", 443, socket.AF_INET)
        except socket.gaierror as error: print("error", error, round(time.monotonic() - begin, 1))
        time.sleep(0.2)
for _ in range(4): threading.Thread(target=run, daemon=True).start()
print("ready")
time.sleep(1000)
`;

/** A page for which the application asks Redis. */
const CACHED = `
import http.server, redis, sys
client = redis.Redis(host=sys.argv[1])
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        client.incr("pages")
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")
    def log_message(self, *_): pass
class Server(http.server.ThreadingHTTPServer): request_queue_size = 128
server = Server(("0.0.0.0", 8000), Handler)
print("ready")
server.serve_forever()
`;

const compose = (service: string) => ({
  'com.docker.compose.project': 'shop',
  'com.docker.compose.service': service,
  'com.docker.compose.container-number': '1',
});

export const DOCKER_NAMES: readonly Incident[] = [
  {
    name: 'docker-proxy-to-wrong-port',
    report: 'https://github.com/NginxProxyManager/nginx-proxy-manager/issues/641',
    needsDocker: true,
    story: 'A proxy asks port 80 of a container whose server listens on 3000.',
    async scene(stage) {
      const network = await stage.engine.createNetwork();
      const api = stage.container('api', { network });
      await stage.node(api, NODE_SERVER, { args: ['3000', '1', '5000'] });
      const proxy = stage.container('proxy', { network });
      const http = `server { listen 80; location / { proxy_pass http://${api.address()}:80; } }`;
      await startNginx(proxy, { http, port: 80 });
      const clients = stage.container('clients', { network });
      await stage.python(clients, HTTP_CLIENT, { args: [proxy.address(), '80', '4', '0.5'] });
    },
    expected: {
      rules: ['CONNECT_REFUSED'],
      place: /api:(http|80)\b/,
      names: [/3000/],
      says: [/3000/],
      never: [/0\.0\.0\.0|start the server first/],
      beside: [],
    },
  },
  {
    name: 'docker-published-wrong-port',
    report: 'https://github.com/gliderlabs/logspout/issues/136',
    needsDocker: true,
    story: 'Port 80 of a container is published, and its server listens on 3000: each connection is reset.',
    async scene(stage) {
      const network = await stage.engine.createNetwork();
      const web = stage.container('web', { network, publish: { '80/tcp': 0 } });
      await stage.node(web, NODE_SERVER, { args: ['3000', '1', '5000'] });
    },
    expected: {
      rules: ['LOOPBACK_LISTENER', 'CONNECT_REFUSED'],
      place: /80/,
      says: [/3000/],
      never: [/0\.0\.0\.0/],
      beside: [],
    },
  },
  {
    name: 'docker-localhost-is-itself',
    report: 'https://github.com/NASA-AMMOS/MMGIS/issues/74',
    needsDocker: true,
    story: 'An application looks for its database at localhost, which is its own container.',
    async scene(stage) {
      const network = await stage.engine.createNetwork();
      const db = stage.container('db', { network, labels: compose('db') });
      await startPostgres(db, { address: '0.0.0.0' });
      const app = stage.container('app', { network, labels: compose('app') });
      const script = await stage.python(app, LOCALHOST);
      await script.printed('refused');
    },
    expected: {
      rules: ['CONNECT_REFUSED'],
      place: /5432|postgres/,
      names: [/\bdb\b/],
      says: [/container itself/],
      never: [/\[::\]|V6ONLY|start the server first/],
      beside: [],
    },
  },
  {
    name: 'docker-dns-server-gone',
    report: 'https://github.com/docker/for-linux/issues/392',
    needsDocker: true,
    story: "The name server of a container does not answer: what Docker's own server passes on to it is lost.",
    async scene(stage) {
      const network = await stage.engine.createNetwork();
      const dns = stage.container('dns', { network });
      await stage.python(dns, SILENT_DNS, { root: true });
      const app = stage.container('app', { network, hostConfig: { Dns: [dns.address()] } });
      const script = await stage.python(app, LOOKUPS);
      await script.printed('error');
    },
    expected: {
      rules: ['DNS_UNANSWERED'],
      place: /127\.0\.0\.11|:53|domain|dns/,
      says: [/dns|name ?server/i],
      never: [/ndots/],
      beside: ['DNS_UNANSWERED'],
    },
  },
];

export const HEALTHY_DOCKER: readonly Healthy[] = [
  {
    name: 'healthy-compose-stack',
    needsDocker: true,
    story: 'A published proxy, an application and its Redis as services of Compose, with health checks and traffic.',
    async scene(stage) {
      const network = await stage.engine.createNetwork();
      const cache = stage.container('cache', { network, labels: compose('cache') });
      await startRedis(cache);
      const app = stage.container('app', { network, labels: compose('app') });
      await stage.python(app, CACHED, { args: [cache.address()] });
      const proxy = stage.container('proxy', { network, labels: compose('proxy'), publish: { '80/tcp': 0 } });
      const http = `
        upstream app { server ${app.address()}:8000; keepalive 8; }
        server { listen 80; location / {
          proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://app;
        } }`;
      await startNginx(proxy, { http, port: 80 });
      const clients = stage.container('clients', { network, labels: compose('clients') });
      await stage.python(clients, HTTP_CLIENT, { args: [proxy.address(), '80', '10', '0.2'] });
      stage.every(1000, () => {
        app.run('busybox', 'wget', '-q', '-O', '/dev/null', 'http://127.0.0.1:8000/');
      });
    },
  },
];
