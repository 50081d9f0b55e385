/** Restarts, bursts and fleets that look like trouble and are none. */
import { startDnsmasq } from '../../../support/software/dnsmasq.ts';
import { startHaproxy } from '../../../support/software/haproxy.ts';
import { startNginx } from '../../../support/software/nginx.ts';
import { startRedis } from '../../../support/software/redis.ts';
import { startUnbound } from '../../../support/software/unbound.ts';
import { HOLD, HTTP_CLIENT } from '../clients.ts';
import type { Healthy } from '../incident.ts';
import { NODE_SERVER } from './haproxy.ts';
import { keepaliveUpstream } from './nginx.ts';
import { UPGRADE } from './python-web.ts';

/** Three instances of a service, of which one is restarted every three seconds, as a deployment does it. */
const ROLLING = `
import { spawn } from 'node:child_process';
import http from 'node:http';
import cluster from 'node:cluster';
if (cluster.isPrimary) {
  const start = (port) => new Promise((resolve) => {
    const worker = cluster.fork({ PORT: port });
    worker.on('message', () => resolve(worker));
  });
  const workers = [];
  for (const port of [3001, 3002, 3003]) workers.push(await start(port));
  console.log('ready');
  for (let number = 0; ; number = (number + 1) % 3) {
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const old = workers[number];
    const ended = new Promise((resolve) => old.on('exit', resolve));
    old.send('stop');
    await ended;
    workers[number] = await start(3001 + number);
  }
} else {
  const server = http.createServer((request, response) => setTimeout(() => response.end('hello'), 5));
  server.keepAliveTimeout = 60000;
  server.listen(Number(process.env.PORT), () => process.send('listening'));
  process.on('message', () => {
    server.close(() => process.exit());
    server.closeIdleConnections();
    setTimeout(() => process.exit(), 1000);
  });
}
`;

/** Clients of Redis that come back when they are disconnected: COUNT. */
const COMES_BACK = `
import random, redis, sys, threading, time
def run():
    client = redis.Redis(host="10.20.0.2")
    while True:
        try: client.get("key")
        except redis.exceptions.RedisError: pass
        time.sleep(random.uniform(0.5, 1.5))
for _ in range(int(sys.argv[1])): threading.Thread(target=run, daemon=True).start()
print("ready")
time.sleep(1000)
`;

/** A hundred jobs that begin at the same moment, every five seconds, with a request each. */
const JOBS = `
import http.client, threading, time
def job():
    try:
        connection = http.client.HTTPConnection("10.20.0.1", 80, timeout=10)
        connection.request("GET", "/")
        connection.getresponse().read()
        connection.close()
    except Exception as error: print("error", error)
print("ready")
while True:
    for _ in range(100): threading.Thread(target=job).start()
    time.sleep(5)
`;

/** WebSocket clients by the thousand, pinged by the server. */
const FLEET = `
import asyncio, websockets
async def serve(socket, path=None):
    async for message in socket: await socket.send(message)
async def main():
    async with websockets.serve(serve, "0.0.0.0", 8765, ping_interval=None, backlog=1024):
        print("ready")
        await asyncio.Future()
asyncio.run(main())
`;

/** Looks up other names all the time: PER-SECOND. */
const MANY_NAMES = `
import socket, sys, threading, time
number = 0
def ask(name):
    try: socket.getaddrinfo(name, 443, socket.AF_INET)
    except socket.gaierror as error: print("error", error)
print("ready")
while True:
    number += 1
    threading.Thread(target=ask, args=("n%d.example.com" % number,)).start()
    time.sleep(1 / float(sys.argv[1]))
`;

/** Takes a backup as fast as its disk writes: two megabytes a second. */
const SLOW_DISK = `
import socket, time
listener = socket.create_server(("0.0.0.0", 9000))
print("ready")
connection, _ = listener.accept()
while connection.recv(1 << 20, socket.MSG_WAITALL): time.sleep(0.5)
`;
const BACKUP = `
import socket
connection = socket.create_connection(("10.20.0.2", 9000))
print("ready")
while True: connection.sendall(b"x" * 1000000)
`;

export const HEALTHY_BUSY: readonly Healthy[] = [
  {
    name: 'healthy-rolling-restart',
    story: 'A deployment restarts one of three instances behind a balancer every three seconds, under traffic.',
    async scene(stage) {
      const [balancer, app, clients] = stage.network('balancer', 'app', 'clients');
      await stage.node(app, ROLLING);
      const servers = [1, 2, 3].map((each) => `  server s${each} 10.20.0.2:300${each} check inter 500`);
      const config = `listen web\n  bind :80\n  option httpchk GET /\n  option redispatch\n  retries 3\n${servers.join('\n')}\n`;
      await startHaproxy(balancer, { config, port: 80 });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '80', '20', '0.1'] });
    },
  },
  {
    name: 'healthy-reconnect-storm',
    story: 'Two hundred clients of Redis are disconnected at once, come back within a second, and go on.',
    async scene(stage) {
      const [app, cache] = stage.network('app', 'cache');
      const server = await startRedis(cache);
      await stage.python(app, COMES_BACK, { args: ['200'] });
      await stage.reached(
        'all clients',
        () => stage.count(cache, 'state', 'established', 'sport', '=', ':6379') >= 200,
      );
      stage.every(7000, () => server.command('client', 'kill', 'type', 'normal', 'skipme', 'yes'));
    },
  },
  {
    name: 'healthy-cron-burst',
    story: 'A hundred jobs that begin at the same moment every five seconds, beside steady traffic.',
    async scene(stage) {
      const [proxy, app, clients] = stage.network('proxy', 'app', 'clients');
      await stage.node(app, NODE_SERVER, { args: ['3000', '20', '75000'] });
      await startNginx(proxy, { http: keepaliveUpstream('10.20.0.2'), port: 80 });
      await stage.python(clients, JOBS);
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '80', '10', '0.1'] });
    },
  },
  {
    name: 'healthy-websockets-by-the-thousand',
    story: 'Fifteen hundred WebSocket clients of one process, below its limit of open files.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      await stage.python(web, FLEET, { nofile: 4096 });
      const held = await stage.python(clients, HOLD, {
        args: ['10.20.0.1', '8765', '1500', UPGRADE],
        nofile: 4096,
      });
      await held.printed('open 1500');
    },
  },
  {
    name: 'healthy-forwarding-resolver',
    story: 'A resolver that asks another one 150 ms away for twenty names a second, and gets all answers.',
    async scene(stage) {
      const [resolver, clients] = stage.network('resolver', 'clients');
      const upstream = stage.netns('upstream');
      await stage.slowLink(resolver, upstream, 75);
      await startDnsmasq(upstream, { address: '10.21.0.2', args: ['--address=/example.com/10.20.0.9'] });
      await startUnbound(resolver, { address: '10.20.0.1', forward: '10.21.0.2' });
      await stage.python(clients, MANY_NAMES, { args: ['20'], resolvConf: 'nameserver 10.20.0.1\n' });
    },
  },
  {
    name: 'healthy-backup-to-slow-disk',
    story: 'A backup runs as fast as the disk of its receiver: both queues are full all the time, and bytes flow.',
    async scene(stage) {
      const [sender, receiver] = stage.network('sender', 'receiver');
      await stage.python(receiver, SLOW_DISK);
      await stage.python(sender, BACKUP);
    },
  },
];
