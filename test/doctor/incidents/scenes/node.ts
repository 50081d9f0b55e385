/** Servers and clients in Node. */
import { HOLD } from '../clients.ts';
import type { Incident } from '../incident.ts';
import { NODE_SERVER } from './haproxy.ts';

/** Requests without keep-alive: HOST PORT CONCURRENT PAUSE-MS. */
const NO_KEEP_ALIVE = `
import http from 'node:http';
const [host, port, concurrent, pause] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: false });
const errors = new Map();
function one() {
  const request = http.get({ host, port, agent }, (answer) => answer.resume().on('end', () => setTimeout(one, Number(pause))));
  request.on('error', (error) => {
    if (!errors.has(error.code)) console.log('error', error.code);
    errors.set(error.code, 1);
    setTimeout(one, 100);
  });
}
for (let index = 0; index < Number(concurrent); index++) one();
console.log('ready');
`;

/** Connects to the name localhost, the IPv6 address first, as its resolver gives it. */
const LOCALHOST = `
import net from 'node:net';
console.log('ready');
setInterval(() => {
  const socket = net.connect({ host: '::1', port: 3000 });
  socket.on('error', (error) => console.log('error', error.code));
  socket.on('connect', () => socket.end());
}, 200);
`;

/** fetch() whose bodies nobody reads: each connection stays in use. */
const UNREAD_BODIES = `
const kept = [];
console.log('ready');
setInterval(async () => {
  const response = await fetch('http://10.20.0.2:3000/');
  if (response.status === 200) kept.push(response);
}, 200);
`;

const LARGE_BODIES = `
import http from 'node:http';
http.createServer((request, response) => {
  response.end(Buffer.alloc(200_000, 'x'));
}).listen(3000, () => console.log('ready'));
`;

/** A server whose handler computes for seconds. */
const SYNCHRONOUS = `
import http from 'node:http';
http.createServer((request, response) => {
  // A blocking call, such as execFileSync or a synchronous read from a slow disk.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20_000);
  response.end('hello');
}).listen(3000, () => console.log('ready'));
`;

const WEBSOCKET_SERVER = `
import net from 'node:net';
const server = net.createServer((socket) => {
  socket.on('error', () => {});
  socket.resume();
  const timer = setInterval(() => socket.write(Buffer.alloc(4000, 'x')), 10);
  socket.on('close', () => clearInterval(timer));
});
server.listen(8080, () => console.log('ready'));
`;

/** A client that stopped reading: a suspended browser tab. */
const SUSPENDED = `
import socket, sys, time
held = []
for _ in range(3):
    connection = socket.create_connection(("10.20.0.1", 8080))
    connection.sendall(b"subscribe")
    held.append(connection)
print("ready")
time.sleep(1000)
`;
const READS = `
import socket, time, threading
def read():
    connection = socket.create_connection(("10.20.0.1", 8080))
    connection.sendall(b"subscribe")
    while connection.recv(65536): pass
for _ in range(5): threading.Thread(target=read, daemon=True).start()
print("ready")
time.sleep(1000)
`;

export const NODE: readonly Incident[] = [
  {
    name: 'node-agent-without-keep-alive',
    report: 'https://github.com/nodejs/node-v0.x-archive/issues/6833',
    story: 'A new connection for each request, closed by the client: the range of local ports runs out, EADDRNOTAVAIL.',
    async scene(stage) {
      const [app, api] = stage.network('app', 'api');
      app.run('sh', '-c', 'echo 32768 34267 > /proc/sys/net/ipv4/ip_local_port_range');
      app.run('sh', '-c', 'echo 0 > /proc/sys/net/ipv4/tcp_tw_reuse');
      await stage.node(api, NODE_SERVER, { args: ['3000', '1', '60000'] });
      const script = await stage.node(app, NO_KEEP_ALIVE, { args: ['10.20.0.2', '3000', '10', '10'] });
      await script.printed('EADDRNOTAVAIL');
    },
    expected: {
      // A slow machine needs so long to use up the ports that the churn, the cause of it, is proved.
      rules: ['EPHEMERAL_EXHAUSTION', 'TIME_WAIT_PILEUP', 'CONN_CHURN'],
      place: /3000|node|app/,
      says: [/keep.?alive/i],
      never: [/tcp_tw_recycle/],
      beside: ['TIME_WAIT_PILEUP', 'CONN_CHURN'],
    },
  },
  {
    name: 'node-localhost-is-ipv6',
    report: 'https://github.com/mysqljs/mysql/issues/2547',
    story: 'localhost is ::1 for the client; the server listens on 127.0.0.1 only, and the connection is refused.',
    async scene(stage) {
      const netns = stage.netns('app');
      const server = NODE_SERVER.replace('listen(port,', "listen(port, '127.0.0.1',");
      await stage.node(netns, server, { args: ['3000', '1', '5000'] });
      const script = await stage.node(netns, LOCALHOST);
      await script.printed('ECONNREFUSED');
    },
    expected: {
      rules: ['CONNECT_REFUSED', 'LOOPBACK_LISTENER'],
      place: /3000/,
      says: [/127\.0\.0\.1/],
      never: [/start the server/i],
      beside: ['CONNECT_REFUSED', 'LOOPBACK_LISTENER', 'V4MAPPED_MIX'],
    },
  },
  {
    name: 'node-fetch-unread-bodies',
    report: 'https://github.com/adobe/fetch/issues/32',
    story:
      'Responses of fetch() whose bodies are neither read nor cancelled hold a connection each; the server closes it after a while.',
    async scene(stage) {
      const [app, api] = stage.network('app', 'api');
      await stage.node(api, LARGE_BODIES);
      await stage.node(app, UNREAD_BODIES);
      await stage.reached('closed ones', () => stage.count(app, 'state', 'close-wait') >= 30);
    },
    expected: {
      rules: ['CLOSE_WAIT_LEAK', 'LEAK_RISING'],
      place: /3000|node|app/,
      says: [/read|body|consume/i],
      beside: [
        'CLOSE_WAIT_LEAK',
        'LEAK_RISING',
        'SLOW_READER',
        'FIN_WAIT_STUCK',
        'ZERO_WINDOW_STUCK',
        'SEND_QUEUE_STUCK',
        'POOL_OVERRUN',
      ],
    },
  },
  {
    name: 'node-synchronous-handler',
    report: 'https://github.com/ForbesLindesay/sync-request/issues/55',
    story: 'A synchronous call in a handler blocks the event loop: all other requests stay unread or unaccepted.',
    async scene(stage) {
      const [app, clients] = stage.network('app', 'clients');
      await stage.node(app, SYNCHRONOUS);
      await stage.python(clients, HOLD, {
        args: ['10.20.0.1', '3000', '30', 'GET / HTTP/1.1\\r\\nHost: app\\r\\n\\r\\n'],
      });
      await stage.reached(
        'waiting requests',
        () => stage.count(clients, 'state', 'established', 'dport', '=', ':3000') >= 30,
      );
    },
    expected: {
      rules: ['ACCEPT_STUCK'],
      place: /3000|node/,
      says: [/block|synchron|event loop/i],
      never: [/somaxconn|raise.*backlog/i],
      beside: [],
    },
  },
  {
    name: 'websocket-client-stopped-reading',
    report: 'https://github.com/websockets/ws/issues/667',
    story: 'Three clients stopped reading; the server writes on and buffers for them without a limit.',
    async scene(stage) {
      const [server, phone, laptop] = stage.network('server', 'phone', 'laptop');
      stage.hide(phone);
      stage.hide(laptop);
      await stage.node(server, WEBSOCKET_SERVER);
      await stage.python(laptop, READS);
      await stage.python(phone, SUSPENDED);
      await stage.reached('a closed window', () => {
        const rows = server
          .run('ss', '-Htn', 'state', 'established', 'sport', '=', ':8080', 'dst', '10.20.0.2')
          .split('\n');
        return rows.filter((row) => Number(row.split(/\s+/)[1]) > 50_000).length >= 3;
      });
    },
    forMs: 15_000,
    expected: {
      rules: ['ZERO_WINDOW_STUCK', 'SEND_QUEUE_STUCK'],
      place: /8080|node/,
      says: [/deadline|timeout|limit|close/i],
      never: [/wmem/],
      beside: ['SEND_QUEUE_STUCK', 'ZERO_WINDOW_STUCK'],
    },
  },
];
