/** PgBouncer between clients and PostgreSQL. */
import { startPgbouncer } from '../../../support/software/pgbouncer.ts';
import { startPostgres } from '../../../support/software/postgres.ts';
import type { Incident } from '../incident.ts';

/** COUNT threads that hold a connection each and query from time to time; a refused one tries again. */
export const CLIENTS = `
import psycopg2, sys, threading, time
count, pause = int(sys.argv[1]), float(sys.argv[2])
def run():
    while True:
        try:
            connection = psycopg2.connect(host=sys.argv[-1], port=6432, user="app", dbname="postgres")
            connection.autocommit = True
            cursor = connection.cursor()
            while True:
                cursor.execute("select pg_sleep(0.02)")
                time.sleep(pause)
        except psycopg2.Error as error:
            print("refused", error)
            time.sleep(0.5)
for _ in range(count): threading.Thread(target=run, daemon=True).start()
print("ready")
time.sleep(1000)
`;

/** Threads that begin a transaction and do not end it: a forgotten commit. */
const FORGOTTEN_COMMIT = `
import psycopg2, sys, threading, time
held = []
for _ in range(int(sys.argv[1])):
    connection = psycopg2.connect(host=sys.argv[-1], port=6432, user="app", dbname="postgres")
    connection.cursor().execute("select 1")
    held.append(connection)
print("ready")
time.sleep(1000)
`;

/** Jobs that keep their sessions and use them now and then. */
const KEPT_SESSIONS = `
import psycopg2, sys, time
held = []
for _ in range(int(sys.argv[1])):
    connection = psycopg2.connect(host=sys.argv[-1], port=6432, user="app", dbname="postgres")
    connection.autocommit = True
    connection.cursor().execute("select 1")
    held.append(connection)
print("ready")
while True:
    for connection in held:
        connection.cursor().execute("select 1")
        time.sleep(0.3)
`;

export const PGBOUNCER: readonly Incident[] = [
  {
    name: 'pgbouncer-max-client-conn',
    report: 'https://github.com/pgbouncer/pgbouncer/issues/293',
    story: 'More clients than max_client_conn: PgBouncer refuses them, though the server behind it is nearly idle.',
    async scene(stage) {
      const [app, pooler, db] = stage.network('app', 'pooler', 'db');
      await startPostgres(db);
      await startPgbouncer(pooler, { server: '10.20.0.3:5432', set: { max_client_conn: 50, default_pool_size: 10 } });
      const script = await stage.python(app, CLIENTS, { args: ['70', '1', '10.20.0.2'] });
      await script.printed('refused');
    },
    expected: {
      rules: ['DROPPED_AFTER_ACCEPT', 'REFUSED_BY_SERVER', 'CONNECTION_CAP', 'POOL_OVERRUN'],
      place: /6432/,
      says: [/max_client_conn/],
      never: [/max_connections ?=/, /pool_size=([5-9]\d|\d{3})\b/],
      beside: ['CONN_CHURN', 'POOL_OVERRUN'],
    },
  },
  {
    name: 'pgbouncer-forgotten-commit',
    report: 'https://github.com/pachyderm/pachyderm/pull/6776',
    story: 'Clients that forgot to commit hold every server connection of the pool; all others wait for their answer.',
    async scene(stage) {
      const [app, worker, pooler, db] = stage.network('app', 'worker', 'pooler', 'db');
      await startPostgres(db);
      const set = { default_pool_size: 5, max_client_conn: 500 };
      await startPgbouncer(pooler, { server: '10.20.0.4:5432', set });
      await stage.python(worker, FORGOTTEN_COMMIT, { args: ['5', '10.20.0.3'] });
      await stage.python(app, CLIENTS, { args: ['40', '0.1', '10.20.0.3'] });
    },
    expected: {
      rules: ['POOLER_STUCK'],
      place: /pgbouncer|6432|5432/,
      says: [/transaction/i],
      never: [/ulimit|nofile/i],
      beside: ['ACCEPT_STUCK', 'POOL_IDLE_SURPLUS'],
    },
  },
  {
    name: 'pgbouncer-session-mode',
    report: 'https://github.com/pgbouncer/pgbouncer/issues/282',
    story: 'In session mode ten clients keep the ten server connections; all others wait, though the database is idle.',
    async scene(stage) {
      const [app, jobs, pooler, db] = stage.network('app', 'jobs', 'pooler', 'db');
      await startPostgres(db);
      const set = { default_pool_size: 10, max_client_conn: 500 };
      await startPgbouncer(pooler, { server: '10.20.0.4:5432', poolMode: 'session', set });
      await stage.python(jobs, KEPT_SESSIONS, { args: ['10', '10.20.0.3'] });
      await stage.python(app, CLIENTS, { args: ['20', '0.1', '10.20.0.3'] });
      await stage.reached('clients', () => stage.count(app, 'state', 'established', 'dport', '=', ':6432') >= 20);
    },
    expected: {
      rules: ['POOLER_STUCK'],
      place: /pgbouncer|6432/,
      names: [/10\.20\.0\.2/],
      says: [/pool_mode = transaction/],
      never: [/max_connections|ulimit|idle_transaction_timeout/i],
      beside: [],
    },
  },
];
