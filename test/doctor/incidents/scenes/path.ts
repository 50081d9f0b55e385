/** What happens on the way between two hosts. */
import { startPostgres } from '../../../support/software/postgres.ts';
import type { Incident } from '../incident.ts';
import { NODE_SERVER } from './haproxy.ts';

/** Connects to a port that a firewall drops. */
const CONNECTS = `
import socket, threading, time
def run():
    while True:
        try: socket.create_connection(("10.20.0.2", 5432), timeout=30)
        except OSError as error: print("error", error)
        time.sleep(0.5)
for _ in range(8): threading.Thread(target=run, daemon=True).start()
print("ready")
time.sleep(1000)
`;

/** A pool whose idle connections are used again when a line on stdin, or a file, says so. */
const IDLE_THEN_USED = `
import psycopg2, os, sys, threading, time
held = [psycopg2.connect(host="10.20.0.2", user="app", dbname="postgres") for _ in range(6)]
for connection in held:
    connection.autocommit = True
    connection.cursor().execute("select 1")
print("ready")
while not os.path.exists(sys.argv[1]): time.sleep(0.05)
def use(connection):
    connection.cursor().execute("select 2")
for connection in held: threading.Thread(target=use, args=(connection,), daemon=True).start()
time.sleep(1000)
`;

const POSTS = `
import http.client, threading, time
def post(size):
    while True:
        try:
            connection = http.client.HTTPConnection("10.20.0.2", 3000, timeout=300)
            connection.request("POST", "/", b"x" * size)
            connection.getresponse().read()
        except OSError as error: print("error", error)
        time.sleep(0.2)
for _ in range(3): threading.Thread(target=post, args=(20000,), daemon=True).start()
for _ in range(3): threading.Thread(target=post, args=(100,), daemon=True).start()
print("ready")
time.sleep(1000)
`;

/** A collector of metrics that writes to a slow disk after every datagram. */
const COLLECTOR = `
import socket, time
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("0.0.0.0", 8125))
print("ready")
while True:
    server.recv(2000)
    time.sleep(0.002)
`;
const METRICS = `
import socket, time
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.connect(("10.20.0.2", 8125))
print("ready")
while True:
    for _ in range(50): sender.send(b"requests.time:320|ms" * 10)
    time.sleep(0.02)
`;

/** A client that writes a request in two small parts and waits for the answer. */
const TWO_WRITES = `
import socket, time
connection = socket.create_connection(("10.20.0.2", 7000))
print("ready")
while True:
    connection.sendall(b"header")
    connection.sendall(b"body")
    connection.recv(100)
`;
const ANSWERS = `
import socket, threading
server = socket.create_server(("0.0.0.0", 7000))
print("ready")
def serve(connection):
    while True:
        data = b""
        while len(data) < 10: data += connection.recv(100)
        connection.sendall(b"answer")
while True: threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
`;

export const PATH: readonly Incident[] = [
  {
    name: 'firewall-drops-connects',
    report: 'https://github.com/Dokploy/dokploy/issues/4673',
    story: 'A firewall drops the SYNs to the database: each connect waits, and nothing is refused.',
    async scene(stage) {
      const [app, db] = stage.network('app', 'db');
      stage.hide(db);
      db.run('iptables', '-A', 'INPUT', '-p', 'tcp', '--dport', '5432', '-j', 'DROP');
      await stage.python(app, CONNECTS);
      await stage.reached('attempts', () => stage.count(app, 'state', 'syn-sent') >= 8);
    },
    expected: {
      rules: ['SYN_SENT_STUCK'],
      place: /5432|postgresql/,
      says: [/firewall|security group|drop/i],
      never: [/backlog/i],
      beside: [],
    },
  },
  {
    name: 'nat-forgot-idle-connections',
    report: 'https://github.com/cockroachdb/cockroach/issues/13823',
    story:
      'A gateway forgot the idle connections of a pool: the next queries are sent again and again, for 15 minutes.',
    async scene(stage) {
      const [app, db] = stage.network('app', 'db');
      stage.hide(db);
      await startPostgres(db, { roles: ['app'] });
      const file = stage.signalFile();
      await stage.python(app, IDLE_THEN_USED, { args: [file.path] });
      // From now on the way is closed in both directions, without an answer.
      for (const chain of ['INPUT', 'OUTPUT']) db.run('iptables', '-A', chain, '-p', 'tcp', '-j', 'DROP');
      file.set();
      await stage.reached('retransmissions', () => /backoff:[3-9]/.test(app.run('ss', '-tin', 'dport', '=', ':5432')));
    },
    expected: {
      rules: ['DEAD_PEER_RETRANSMIT'],
      place: /5432|postgresql/,
      says: [/keep.?alive|TCP_USER_TIMEOUT|lifetime/i],
      beside: ['RETRANS_HIGH', 'SEND_QUEUE_STUCK'],
    },
  },
  {
    name: 'tunnel-mtu-black-hole',
    report: 'https://github.com/docker/for-linux/issues/594',
    story:
      'A tunnel on the way takes smaller packets than the interface says, silently: small requests pass, large ones hang.',
    async scene(stage) {
      const [app, api] = stage.network('app', 'api');
      stage.hide(api);
      await stage.node(
        api,
        NODE_SERVER.replace('setTimeout(', "request.resume().on('end', ").replace(', delay);', ');'),
        { args: ['3000', '0', '5000'] },
      );
      // Drops large packets as a path with an MTU of 1400 does whose ICMP messages are filtered.
      api.run('iptables', '-A', 'INPUT', '-p', 'tcp', '-m', 'length', '--length', '1401:65535', '-j', 'DROP');
      await stage.python(app, POSTS);
      await stage.reached('retransmissions', () => /backoff:[3-9]/.test(app.run('ss', '-tin', 'dport', '=', ':3000')));
    },
    expected: {
      rules: ['PATH_MTU'],
      place: /3000/,
      says: [/mtu/i],
      never: [/backlog|ulimit/i],
      beside: ['RETRANS_HIGH', 'DEAD_PEER_RETRANSMIT', 'SEND_QUEUE_STUCK'],
    },
  },
  {
    name: 'metrics-udp-buffer-full',
    report: 'https://github.com/DataDog/dd-agent/pull/3429',
    story:
      'A collector of metrics reads slower than they come: the receive buffer overflows, and datagrams are dropped.',
    async scene(stage) {
      const [app, collector] = stage.network('app', 'collector');
      await stage.python(collector, COLLECTOR);
      await stage.python(app, METRICS);
      await stage.reached('drops', () => / d[1-9]/.test(collector.run('ss', '-Huanm').replaceAll(',', ' ')));
    },
    expected: {
      rules: ['UDP_RCVBUF_DROPS'],
      place: /8125/,
      says: [/rmem|SO_RCVBUF|read/i],
      beside: [],
    },
  },
  {
    name: 'two-small-writes-delayed',
    report: 'https://github.com/blackbeam/rust-mysql-simple/pull/134',
    story: 'A request in two small writes without TCP_NODELAY: each waits 40 ms for a delayed acknowledgement.',
    async scene(stage) {
      const [app, server] = stage.network('app', 'server');
      await stage.python(server, ANSWERS);
      await stage.python(app, TWO_WRITES);
    },
    expected: {
      rules: ['NAGLE_DELACK'],
      place: /7000|python/,
      says: [/TCP_NODELAY/],
      severity: 'info',
      beside: [],
    },
  },
];
