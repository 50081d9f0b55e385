/** Requests that wait behind something that only their server knows: a lock, a pool, a log, a slow client. */
import fs from 'node:fs';
import { startPgbouncer } from '../../../support/software/pgbouncer.ts';
import { startPostgres } from '../../../support/software/postgres.ts';
import { startGunicorn } from '../../../support/software/python-servers.ts';
import { HOLD, HTTP_CLIENT } from '../clients.ts';
import type { Healthy, Incident } from '../incident.ts';
import type { Stage } from '../stage.ts';
import { NODE_SERVER } from './haproxy.ts';

const HELLO = `
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]
`;

/** Counts the page in a row that every request updates. */
const COUNTS = `
import psycopg2, threading
local = threading.local()
def app(environ, start_response):
    if not hasattr(local, "db"): local.db = psycopg2.connect(host="10.20.0.2", user="app", dbname="postgres")
    with local.db, local.db.cursor() as cursor: cursor.execute("update counters set n = n + 1 where id = 1")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]
`;

/** A job that updates the row, and does something else before it commits. */
const LOCKS = `
import psycopg2, time
db = psycopg2.connect(host="10.20.0.2", user="app", dbname="postgres")
db.cursor().execute("update counters set n = 0 where id = 1")
print("ready")
time.sleep(1000)
`;

/** The stock pool of SQLAlchemy, five and ten more. @param use what a request does with its connection */
const pooled = (use: string) => `
import sqlalchemy, time
engine = sqlalchemy.create_engine("postgresql+psycopg2://app@10.20.0.2/postgres")
kept = []
def app(environ, start_response):
    connection = engine.connect()
    connection.execute(sqlalchemy.text("select pg_sleep(0.05)"))
    ${use}
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]
`;

/** A service that calls another one for each request: the agent has four sockets. */
const AGENT = `
import http from 'node:http';
const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
http.createServer((request, response) => {
  http.get({ host: '10.20.0.2', port: 3000, agent }, (answer) => {
    answer.resume();
    answer.on('end', () => response.end('hello'));
  });
}).listen(8080, () => console.log('ready'));
`;

/** Clients of a pooler whose queries take a second: COUNT. */
const SLOW_QUERIES = `
import psycopg2, sys, threading, time
def run():
    connection = psycopg2.connect(host="10.20.0.2", port=6432, user="app", dbname="postgres")
    connection.autocommit = True
    cursor = connection.cursor()
    while True: cursor.execute("select pg_sleep(1)")
for _ in range(int(sys.argv[1])): threading.Thread(target=run, daemon=True).start()
print("ready")
time.sleep(1000)
`;

/** A logging daemon that stopped reading its socket. */
const LOG_SOCKET = `
import os, socket, sys, time
reader = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
reader.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
print("ready")
time.sleep(1000)
`;
const LOGS = (socket: string) => `
import logging, logging.handlers
log = logging.getLogger("web")
log.addHandler(logging.handlers.SysLogHandler(address="${socket}"))
log.setLevel(logging.INFO)
def app(environ, start_response):
    log.info("a page")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]
`;

const isAnswered = (stage: Stage, web: Parameters<Stage['count']>[0], port: number, atLeast: number) => () =>
  stage.count(web, 'state', 'established', 'sport', '=', `:${port}`) >= atLeast;

export const WAITING: readonly Incident[] = [
  {
    name: 'gunicorn-slow-clients',
    report: 'https://github.com/pypi/warehouse/pull/20110',
    story: 'Two clients that never finish their request hold both synchronous workers; all others wait in the queue.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      await startGunicorn(web, { source: HELLO, args: ['--workers', '2', '--timeout', '600'] });
      await stage.python(clients, HOLD, { args: ['10.20.0.1', '8000', '2', 'POST / HTTP/1.1\\r\\nHost: web\\r\\n'] });
      await stage.reached('both workers', isAnswered(stage, web, 8000, 2));
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8000', '20', '0.2'] });
      await stage.reached('a queue', () => stage.queued(web, 8000) >= 18);
    },
    expected: {
      rules: ['ACCEPT_STUCK', 'CONNECTION_CAP'],
      place: /8000|gunicorn/,
      says: [/slow client|client.*(slow|unfinished|never|rest of)|proxy/i],
      never: [/somaxconn|backlog/i],
      beside: [],
    },
  },
  {
    name: 'postgres-lock-stops-web',
    report: 'https://github.com/ProjectSidewalk/SidewalkWebpage/issues/4560',
    story: 'A job holds the lock of a row and does not commit; every request waits for it in the database.',
    async scene(stage) {
      const [web, database, jobs, clients] = stage.network('web', 'database', 'jobs', 'clients');
      const server = await startPostgres(database, { roles: ['app'] });
      server.query('create table counters (id int, n int); insert into counters values (1, 0)');
      server.query('grant all on counters to app');
      await stage.python(jobs, LOCKS);
      await startGunicorn(web, { source: COUNTS, args: ['--threads', '4', '--timeout', '600'] });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8000', '30', '0.2'] });
      await stage.reached('locked', () => stage.count(web, 'state', 'established', 'dport', '=', ':5432') >= 4);
      await stage.reached('the others', isAnswered(stage, web, 8000, 30));
    },
    expected: {
      rules: ['ACCEPT_STUCK'],
      place: /8000|gunicorn/,
      names: [/5432|postgres/],
      says: [/5432|postgres/i, /timeout/i],
      never: [/somaxconn|backlog|max_connections/i],
      beside: [],
    },
  },
  {
    name: 'sqlalchemy-pool-exhausted',
    report: 'https://github.com/hasadna/open-bus/issues/387',
    story: 'Requests forget to give their connection back: all fifteen of the pool are checked out, and idle.',
    async scene(stage) {
      const [web, database, clients] = stage.network('web', 'database', 'clients');
      await startPostgres(database, { roles: ['app'] });
      await startGunicorn(web, { source: pooled('kept.append(connection)'), args: ['--threads', '40'] });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8000', '30', '0.2'] });
      await stage.reached('the pool', () => stage.count(web, 'state', 'established', 'dport', '=', ':5432') >= 15);
      await stage.reached('the others', isAnswered(stage, web, 8000, 30));
    },
    expected: {
      rules: ['POOLER_STUCK', 'POOL_STUCK'],
      place: /5432|postgres/,
      says: [/close|return|give.*back|with /i],
      never: [/max_connections|somaxconn|ulimit/i],
      beside: [],
    },
  },
  {
    name: 'node-agent-max-sockets',
    report: 'https://github.com/forwardemail/superagent/issues/96',
    story:
      'The agent of a service has four sockets to another one that takes a second: all other requests wait inside.',
    async scene(stage) {
      const [web, api, clients] = stage.network('web', 'api', 'clients');
      await stage.node(api, NODE_SERVER, { args: ['3000', '1000', '60000'] });
      await stage.node(web, AGENT);
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8080', '60', '0.1'] });
      await stage.reached('waiting clients', isAnswered(stage, web, 8080, 60));
    },
    expected: {
      rules: ['CONNECTION_CAP', 'POOLER_STUCK', 'POOL_STUCK'],
      place: /3000|8080/,
      says: [/maxSockets/],
      never: [/somaxconn|ulimit/i],
      beside: [],
    },
  },
  {
    name: 'pgbouncer-pool-too-small',
    report: 'https://github.com/autobase-tech/autobase/issues/89',
    story: 'Three server connections for forty clients with queries of a second: most of them wait in the pooler.',
    async scene(stage) {
      const [app, pooler, database] = stage.network('app', 'pooler', 'database');
      await startPostgres(database, { roles: ['app'] });
      await startPgbouncer(pooler, { server: '10.20.0.3:5432', set: { default_pool_size: 3 } });
      await stage.python(app, SLOW_QUERIES, { args: ['40'] });
      await stage.reached('clients', isAnswered(stage, pooler, 6432, 40));
    },
    expected: {
      rules: ['POOLER_STUCK', 'CONNECTION_CAP', 'POOL_STUCK'],
      place: /6432|5432|pgbouncer/,
      says: [/pool_size/],
      never: [/somaxconn|ulimit|raise max_client_conn/i],
      beside: [],
    },
  },
  {
    name: 'syslog-reader-stopped',
    report: 'https://github.com/haskell-hvr/hslogger/issues/7',
    story: 'The logging daemon does not read its socket any more, and each request waits in its log call.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      const { path: signal } = stage.signalFile();
      const socket = signal.replace(/now$/, 'log');
      fs.chmodSync(signal.replace(/\/now$/, ''), 0o777);
      await stage.python(web, LOG_SOCKET, { args: [socket] });
      await startGunicorn(web, { source: LOGS(socket), args: ['--threads', '4', '--timeout', '600'] });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8000', '30', '0.1'] });
      await stage.reached('the others', isAnswered(stage, web, 8000, 30));
    },
    expected: {
      rules: ['UNIX_BACKLOG'],
      place: /log/,
      says: [/reader|read faster|logging daemon/i],
      never: [/somaxconn/],
      beside: ['ACCEPT_STUCK'],
    },
  },
];

export const HEALTHY_WAITING: readonly Healthy[] = [
  {
    name: 'healthy-sqlalchemy-pool-in-use',
    story: 'A pool of fifteen that is always in use: a few of thirty requests wait for a connection, briefly.',
    async scene(stage) {
      const [web, database, clients] = stage.network('web', 'database', 'clients');
      await startPostgres(database, { roles: ['app'] });
      await startGunicorn(web, { source: pooled('connection.close()'), args: ['--threads', '40'] });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8000', '30', '0.02'] });
      await stage.reached('the pool', () => stage.count(web, 'state', 'established', 'dport', '=', ':5432') >= 5);
    },
  },
];
