/** PostgreSQL and its clients. */
import { startPostgres } from '../../../support/software/postgres.ts';
import { startGunicorn } from '../../../support/software/python-servers.ts';
import { HTTP_CLIENT } from '../clients.ts';
import type { Incident } from '../incident.ts';

/** A request opens a connection that nothing closes. */
const LEAKS = `
import psycopg2, time
print("ready")
held = []
while True:
    try:
        connection = psycopg2.connect(host="10.20.0.2", user="app", dbname="postgres")
        cursor = connection.cursor()
        cursor.execute("select 1")
        connection.commit()
        held.append(connection)
    except psycopg2.OperationalError as error:
        print("refused", error)
    time.sleep(0.15)
`;

/** A pool of SQLAlchemy's default size in each worker of a web server. */
const POOL_PER_WORKER = `
from sqlalchemy import create_engine, text
engine = create_engine("postgresql://app@10.20.0.2/postgres")
def app(environ, start_response):
    try:
        with engine.connect() as connection:
            connection.execute(text("select pg_sleep(0.1)"))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"hello"]
    except Exception as error:
        print("refused", str(error)[:200])
        start_response("500 Error", [("Content-Type", "text/plain")])
        return [b"error"]
`;

/** A pool whose sessions the server has ended while they were idle. */
const IDLE_POOL = `
import time
from sqlalchemy import create_engine, text
engine = create_engine("postgresql://app@10.20.0.2/postgres", pool_size=20)
held = [engine.connect() for _ in range(15)]
for connection in held: connection.execute(text("select 1"))
for connection in held: connection.close()
print("ready")
time.sleep(1000)
`;

/** Retries a connection that is refused. */
const RETRIES = `
import psycopg2, time
print("ready")
while True:
    try:
        psycopg2.connect(host="10.20.0.2", user="app", dbname="postgres", connect_timeout=3)
    except psycopg2.OperationalError as error:
        print("refused", error)
    time.sleep(0.2)
`;

/** Another service, whose pool is large and idle. */
const HOLDS_REST = `
import psycopg2, time
held = [psycopg2.connect(host="10.20.0.2", user="app", dbname="postgres") for _ in range(33)]
print("ready")
while True:
    held[0].cursor().execute("select 1")
    held[0].commit()
    time.sleep(1)
`;

/** A service with five connections; each of its requests tries to open another one. */
const NEEDS_MORE = `
import psycopg2, time
held = []
print("ready")
while True:
    try: held.append(psycopg2.connect(host="10.20.0.2", user="app", dbname="postgres"))
    except psycopg2.OperationalError as error: print("refused", error)
    if len(held) > 5: held.pop(0).close()
    time.sleep(0.2)
`;

export const POSTGRES: readonly Incident[] = [
  {
    name: 'postgres-connection-per-request',
    report: 'https://github.com/psycopg/psycopg2/issues/663',
    story: 'Each request opens a connection and never closes it; when max_connections is used up, PostgreSQL refuses.',
    async scene(stage) {
      const [app, db] = stage.network('app', 'db');
      await startPostgres(db, { maxConnections: 40, roles: ['app'] });
      const script = await stage.python(app, LEAKS);
      await script.printed('refused');
    },
    expected: {
      rules: ['DROPPED_AFTER_ACCEPT', 'REFUSED_BY_SERVER', 'POOL_OVERRUN', 'LEAK_RISING'],
      place: /5432|postgresql/,
      says: [/max_connections|close|pool/i],
      // The server accepts 40, three of them for its superuser.
      never: [/max_connections ?= ?1\d\d\b/, /pool_size=(3[89]|[4-9]\d|\d{3})\b/],
      beside: ['LEAK_RISING', 'POOL_IDLE_SURPLUS', 'CONN_CHURN', 'POOL_OVERRUN', 'ZOMBIE_SOCKET_FDS'],
    },
  },
  {
    name: 'postgres-pool-times-workers',
    report: 'https://github.com/openego/eGon-data/issues/799',
    story: 'Six worker processes have a pool of up to 15 connections each; the server accepts 30.',
    async scene(stage) {
      const [app, db, load] = stage.network('app', 'db', 'load');
      stage.hide(load);
      await startPostgres(db, { maxConnections: 30, roles: ['app'] });
      const args = ['--workers', '6', '--threads', '12'];
      const web = await startGunicorn(app, { source: POOL_PER_WORKER, args });
      await stage.python(load, HTTP_CLIENT, { args: ['10.20.0.1', '8000', '70', '0.3', '/', 'close'] });
      await stage.reached('a refusal', () => web.log().includes('refused'));
    },
    expected: {
      rules: ['DROPPED_AFTER_ACCEPT', 'REFUSED_BY_SERVER', 'POOL_ARITHMETIC', 'POOL_OVERRUN'],
      place: /5432|postgresql/,
      says: [/pool_size|max_connections|pool/],
      // The server accepts 30, for six workers.
      never: [/max_connections ?= ?1\d\d\b/, /pool_size=([5-9]|\d\d+)\b/],
      beside: ['CONN_CHURN', 'POOL_OVERRUN', 'BACKEND_IMBALANCE'],
    },
  },
  {
    name: 'postgres-other-service-holds-the-rest',
    report: 'https://github.com/cvat-ai/cvat/issues/9180',
    story: 'A batch service holds 33 idle connections of 40; the web service with five of them is refused.',
    async scene(stage) {
      const [web, db, batch] = stage.network('web', 'db', 'batch');
      await startPostgres(db, { maxConnections: 40, roles: ['app'] });
      await stage.python(batch, HOLDS_REST);
      const script = await stage.python(web, NEEDS_MORE);
      await script.printed('refused');
    },
    expected: {
      rules: ['DROPPED_AFTER_ACCEPT', 'REFUSED_BY_SERVER', 'POOL_OVERRUN', 'POOL_ARITHMETIC'],
      place: /5432|postgresql/,
      names: [/batch|10\.20\.0\.3/],
      never: [/max_connections ?= ?1\d\d\b/, /pool_size=(3[89]|[4-9]\d|\d{3})\b/],
      beside: ['CONN_CHURN', 'POOL_IDLE_SURPLUS', 'LEAK_RISING'],
    },
  },
  {
    name: 'postgres-idle-session-timeout',
    report: 'https://github.com/onyx-dot-app/onyx/pull/1746',
    story: 'The server ends idle sessions; the pool of the application does not notice and keeps the dead connections.',
    async scene(stage) {
      const [app, db] = stage.network('app', 'db');
      await startPostgres(db, { roles: ['app'], set: { idle_session_timeout: '2s' } });
      await stage.python(app, IDLE_POOL);
      await stage.reached('closed sessions', () => stage.count(app, 'state', 'close-wait') >= 15);
    },
    expected: {
      rules: ['ZOMBIE_SOCKET_FDS', 'CLOSE_WAIT_LEAK'],
      place: /app|python/,
      says: [/pre.?ping|recycle|idle/i],
      never: [/ulimit|nofile/i],
      beside: [],
    },
  },
  {
    name: 'postgres-listens-on-localhost',
    report: 'https://github.com/Painted-Fox/docker-postgresql/issues/21',
    story: 'PostgreSQL listens on 127.0.0.1 only; an application on another host is refused and tries again.',
    async scene(stage) {
      const [app, db] = stage.network('app', 'db');
      await startPostgres(db, { address: 'localhost' });
      const script = await stage.python(app, RETRIES);
      await script.printed('refused');
    },
    expected: {
      rules: ['LOOPBACK_LISTENER', 'CONNECT_REFUSED'],
      place: /5432|postgresql/,
      says: [/listen_addresses|127\.0\.0\.1|0\.0\.0\.0/],
      never: [/nobody listens/i],
      beside: ['CONNECT_REFUSED', 'LOOPBACK_LISTENER', 'CONN_CHURN'],
    },
  },
];
