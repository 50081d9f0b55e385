/** Peers that are out of reach, in part or after a while, and names that take many questions. */
import type { TestNetns } from '../../../support/netns.ts';
import { startDnsmasq } from '../../../support/software/dnsmasq.ts';
import { startNginx } from '../../../support/software/nginx.ts';
import { startPostgres } from '../../../support/software/postgres.ts';
import { startUvicorn } from '../../../support/software/python-servers.ts';
import { HOLD } from '../clients.ts';
import type { Incident } from '../incident.ts';
import { NODE_SERVER } from './haproxy.ts';
import { UPGRADE, WEBSOCKETS } from './python-web.ts';

/** Workers that give up a connect after a second. */
const SHORT_TIMEOUT = `
import requests, threading, time
def run():
    while True:
        try: requests.get("http://10.20.0.2:8080/", timeout=1)
        except requests.exceptions.RequestException as error: print("error", type(error).__name__)
        time.sleep(0.2)
for _ in range(6): threading.Thread(target=run, daemon=True).start()
print("ready")
time.sleep(1000)
`;

/** Tries the addresses of a name one after the other, three seconds each, for every request. */
const ONE_AFTER_THE_OTHER = `
import socket, threading, time
def run():
    while True:
        begin = time.monotonic()
        connection = socket.create_connection(("api.test", 3000), timeout=3)
        connection.sendall(b"GET / HTTP/1.0\\r\\nHost: api\\r\\n\\r\\n")
        connection.recv(1000)
        connection.close()
        print("took", round(time.monotonic() - begin))
        time.sleep(0.2)
for _ in range(6): threading.Thread(target=run, daemon=True).start()
print("ready")
time.sleep(1000)
`;

/** Sends every client of a WebSocket server the price of something, once a second. */
const BROADCASTS = `
import asyncio, websockets
clients = set()
async def serve(socket, path=None):
    clients.add(socket)
    try: await socket.wait_closed()
    finally: clients.discard(socket)
async def main():
    async with websockets.serve(serve, "0.0.0.0", 8765, ping_interval=None):
        print("ready")
        while True:
            await asyncio.sleep(1)
            websockets.broadcast(clients, "x" * 200)
asyncio.run(main())
`;

/** Looks up a name of another company for each request: PER-SECOND. */
const PARTNER = `
import socket, sys, time
print("ready")
while True:
    try: socket.getaddrinfo("api.partner.example", 443)
    except socket.gaierror as error: print("error", error)
    time.sleep(1 / float(sys.argv[1]))
`;

/** Calls on sessions that are kept, about as far apart as the server keeps idle ones: TASKS GAP JITTER. */
const SPACED_CALLS = `
import aiohttp, asyncio, random, sys
tasks, gap, jitter = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
async def main():
    async with aiohttp.ClientSession() as session:
        async def call():
            try:
                async with session.post("http://10.21.0.2:8000/", data=b"x") as answer: await answer.read()
            except aiohttp.ClientError as error: print("error", type(error).__name__)
        print("ready")
        while True:
            await asyncio.gather(*(call() for _ in range(tasks)))
            await asyncio.sleep(gap + random.uniform(-jitter, jitter))
asyncio.run(main())
`;

const ASGI = `
async def app(scope, receive, send):
    if scope["type"] != "http": return
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})
`;

/** Five connections that are in use, and others that are opened from time to time. */
const OLD_AND_NEW = `
import psycopg2, threading, time
def keep():
    connection = psycopg2.connect(host="10.20.0.2", user="app", dbname="postgres")
    connection.autocommit = True
    print("open")
    while True:
        connection.cursor().execute("select 1")
        time.sleep(0.5)
def more():
    time.sleep(2)
    while True:
        try: psycopg2.connect(host="10.20.0.2", user="app", dbname="postgres").close()
        except psycopg2.OperationalError as error: print("error", error)
        time.sleep(0.5)
for _ in range(5): threading.Thread(target=keep, daemon=True).start()
for _ in range(6): threading.Thread(target=more, daemon=True).start()
print("ready")
time.sleep(1000)
`;

function drop(netns: TestNetns, ...match: string[]): void {
  netns.run('iptables', '-A', 'INPUT', ...match, '-j', 'DROP');
}

export const REACH: readonly Incident[] = [
  {
    name: 'connect-timeout-of-a-second',
    report: 'https://github.com/projectcalico/calico/issues/2314',
    story: 'A policy drops the packets to a service, and its clients give up after a second: no attempt lasts longer.',
    async scene(stage) {
      const [app, api] = stage.network('app', 'api');
      stage.hide(api);
      drop(api, '-p', 'tcp', '--dport', '8080');
      const script = await stage.python(app, SHORT_TIMEOUT);
      await script.printed('ConnectTimeout');
    },
    expected: {
      rules: ['SYN_SENT_STUCK'],
      place: /8080|http-alt/,
      says: [/drops packets|firewall|security group/i],
      never: [/backlog|somaxconn/],
      beside: [],
    },
  },
  {
    name: 'ipv6-path-broken',
    report: 'https://github.com/ggml-org/llama.cpp/issues/24783',
    story: 'A name has an IPv6 address that nothing answers at; each request waits three seconds, then takes IPv4.',
    async scene(stage) {
      const [app, api] = stage.network('app', 'api');
      app.run('ip', 'address', 'add', 'fd20::1/64', 'dev', 'eth0', 'nodad');
      api.run('ip', 'address', 'add', 'fd20::2/64', 'dev', 'eth0', 'nodad');
      api.run('ip6tables', '-A', 'INPUT', '-p', 'tcp', '--dport', '3000', '-j', 'DROP');
      await stage.node(api, NODE_SERVER, { args: ['3000', '1', '5000'] });
      await startDnsmasq(app, { address: '127.0.0.1', args: ['--host-record=api.test,10.20.0.2,fd20::2'] });
      const script = await stage.python(app, ONE_AFTER_THE_OTHER, { resolvConf: 'nameserver 127.0.0.1\n' });
      await script.printed('took 3');
    },
    expected: {
      rules: ['SYN_SENT_STUCK'],
      place: /fd20::2/,
      says: [/IPv6|AAAA/],
      never: [/backlog|somaxconn/],
      beside: [],
    },
  },
  {
    name: 'websocket-clients-vanished',
    report: 'https://github.com/websockets/ws/issues/686',
    story: 'The network of twelve clients is gone without a word, and the server goes on sending to them.',
    async scene(stage) {
      const [web, gone, here] = stage.network('web', 'gone', 'here');
      stage.hide(gone);
      await stage.python(web, BROADCASTS);
      for (const [place, count] of [
        [gone, '12'],
        [here, '20'],
      ] as const) {
        const held = await stage.python(place, HOLD, { args: ['10.20.0.1', '8765', count, UPGRADE] });
        await held.printed(`open ${count}`);
      }
      gone.run('ip', 'link', 'set', 'eth0', 'down');
      await stage.reached('retransmissions', () =>
        /timer:\(on,[^,]+,[4-9]/.test(web.run('ss', '-Htno', 'state', 'established', 'dst', '10.20.0.2')),
      );
    },
    expected: {
      rules: ['DEAD_PEER_RETRANSMIT'],
      place: /10\.20\.0\.2/,
      says: [/TCP_USER_TIMEOUT|ping|deadline/i],
      beside: [],
    },
  },
  {
    name: 'dns-search-domains',
    report: 'https://github.com/coredns/coredns/issues/7212',
    story: 'Five dots and four search domains: every lookup of a foreign name asks for four names that do not exist.',
    async scene(stage) {
      const [app, dns] = stage.network('app', 'dns');
      await startDnsmasq(dns, {
        address: '10.20.0.2',
        hosts: { 'api.partner.example': '10.20.0.9' },
        args: ['--local=/cluster.local/', '--local=/corp.example/'],
      });
      const resolvConf =
        'search shop.svc.cluster.local svc.cluster.local cluster.local corp.example\noptions ndots:5\nnameserver 10.20.0.2\n';
      await stage.python(app, PARTNER, { args: ['20'], resolvConf });
    },
    expected: {
      rules: ['DNS_STORM'],
      severity: 'info',
      place: /53|domain|dns/,
      says: [/ndots|search|trailing dot/],
      beside: [],
    },
  },
  {
    name: 'proxy-out-of-ports-for-websockets',
    report: 'https://github.com/http-party/node-http-proxy/issues/719',
    story: 'Each WebSocket through a proxy takes a port of it to the one backend; there are no more of them.',
    async scene(stage) {
      const [proxy, app, clients] = stage.network('proxy', 'app', 'clients');
      proxy.run('sysctl', '-qw', 'net.ipv4.ip_local_port_range=20000 20199');
      await stage.python(app, WEBSOCKETS);
      const http = `
        server { listen 80; location / {
          proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
          proxy_read_timeout 1h; proxy_pass http://10.20.0.2:8765;
        } }`;
      await startNginx(proxy, { http, events: 'worker_connections 1024;', port: 80 });
      await stage.python(clients, HOLD, { args: ['10.20.0.1', '80', '230', UPGRADE] });
      await stage.reached('all ports', () => stage.count(proxy, 'state', 'established', 'dport', '=', ':8765') >= 199);
    },
    expected: {
      rules: ['EPHEMERAL_EXHAUSTION'],
      place: /8765/,
      says: [/address|port/],
      never: [/tcp_tw_reuse|keep-?alive/i],
      beside: [],
    },
  },
  {
    name: 'uvicorn-keepalive-shorter',
    report: 'https://github.com/NVIDIA-NeMo/Gym/pull/1555',
    story: 'uvicorn closes idle connections after a few seconds, and aiohttp keeps them for fifteen: some calls fail.',
    async scene(stage) {
      const [client, server] = [stage.netns('client'), stage.netns('server')];
      await stage.slowLink(client, server, 150);
      await startUvicorn(server, { source: ASGI, args: ['--timeout-keep-alive', '2'] });
      const script = await stage.python(client, SPACED_CALLS, { args: ['24', '1.9', '0.25'] });
      await script.printed('ServerDisconnectedError');
    },
    forMs: 15_000,
    expected: {
      rules: ['KEEPALIVE_MISMATCH'],
      place: /8000|python/,
      says: [/timeout.keep.alive|keepalive_timeout/i],
      never: [/ulimit|somaxconn/i],
      beside: ['CONN_CHURN'],
    },
  },
  {
    name: 'database-host-behind-dropped-port',
    report: 'https://github.com/projectcalico/calico/issues/6509',
    story: 'Old connections to the database work; a new rule drops the first packets of all further ones.',
    async scene(stage) {
      const [app, database] = stage.network('app', 'database');
      await startPostgres(database, { roles: ['app'] });
      const old = await stage.python(app, OLD_AND_NEW);
      await old.printed('open');
      drop(database, '-p', 'tcp', '--dport', '5432', '--syn');
      await stage.reached('attempts', () => stage.count(app, 'state', 'syn-sent') >= 6);
    },
    forMs: 15_000,
    expected: {
      rules: ['SYN_SENT_STUCK'],
      place: /5432|postgres/,
      says: [/drops packets|firewall|security group|NetworkPolicy/i],
      never: [/raise.*backlog|somaxconn/],
      beside: [],
    },
  },
];
