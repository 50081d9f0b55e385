/** Databases, caches and brokers that are busy and fine. */
import { createRequire } from 'node:module';
import { startMariadb } from '../../../support/software/mariadb.ts';
import { startMemcached } from '../../../support/software/memcached.ts';
import { startPgbouncer } from '../../../support/software/pgbouncer.ts';
import { startPostgres } from '../../../support/software/postgres.ts';
import { startRabbitmq } from '../../../support/software/rabbitmq.ts';
import { startRedis } from '../../../support/software/redis.ts';
import { HOLD } from '../clients.ts';
import type { Healthy } from '../incident.ts';

const MYSQL2 = createRequire(import.meta.url).resolve('mysql2/promise');

/** A pool of ten that is always in use. */
const POOL = `
import mysql from ${JSON.stringify(MYSQL2)};
const pool = mysql.createPool({ host: '10.20.0.2', user: 'root', connectionLimit: 10 });
await Promise.all(Array.from({ length: 10 }, () => pool.query('select 1')));
console.log('ready');
const ask = async () => { for (;;) await pool.query('select sleep(0.02)'); };
for (let index = 0; index < 12; index++) ask();
`;

/** Clients of a pooler: COUNT, each with a query from time to time. */
const MANY_CLIENTS = `
import psycopg2, random, sys, threading, time
def run():
    connection = psycopg2.connect(host="10.20.0.2", port=6432, user="app", dbname="postgres")
    connection.autocommit = True
    cursor = connection.cursor()
    while True:
        cursor.execute("select 1")
        time.sleep(random.uniform(0.5, 3))
for _ in range(int(sys.argv[1])):
    threading.Thread(target=run, daemon=True).start()
    time.sleep(0.005)
print("ready")
time.sleep(1000)
`;

/** A batch: thirty connections, all closed when the work is done, after six seconds. */
const BATCH = `
import psycopg2, threading, time
def run():
    connection = psycopg2.connect(host="10.20.0.2", user="app", dbname="postgres")
    end = time.monotonic() + 6
    while time.monotonic() < end: connection.cursor().execute("select pg_sleep(0.05)")
    connection.commit()
    connection.close()
threads = [threading.Thread(target=run) for _ in range(30)]
for thread in threads: thread.start()
print("ready")
for thread in threads: thread.join()
time.sleep(1000)
`;

/** A pool of SQLAlchemy whose five connections are idle most of the time. */
const QUIET_POOL = `
import time
from sqlalchemy import create_engine, text
engine = create_engine("postgresql://app@10.20.0.2/postgres")
held = [engine.connect() for _ in range(5)]
for connection in held: connection.execute(text("select 1"))
for connection in held: connection.close()
print("ready")
while True:
    with engine.connect() as connection: connection.execute(text("select 1"))
    time.sleep(2)
`;

const SUBSCRIBERS = `
import redis, threading, time
def read(subscription):
    for message in subscription.listen(): pass
for _ in range(50):
    subscription = redis.Redis(host="10.20.0.2").pubsub()
    subscription.subscribe("news")
    threading.Thread(target=read, args=(subscription,), daemon=True).start()
print("ready")
publisher = redis.Redis(host="10.20.0.2")
while True:
    publisher.publish("news", b"x" * 200)
    time.sleep(0.1)
`;

/** Workers of a queue: blocked in BLPOP until there is a job. */
const QUEUE_WORKERS = `
import redis, threading, time
def work():
    client = redis.Redis(host="10.20.0.2")
    while True: client.blpop("jobs", timeout=0)
for _ in range(30): threading.Thread(target=work, daemon=True).start()
print("ready")
producer = redis.Redis(host="10.20.0.2")
while True:
    producer.rpush("jobs", "job")
    time.sleep(0.5)
`;

const CONSUMERS = `
import pika, threading, time
def consume():
    connection = pika.BlockingConnection(pika.ConnectionParameters("10.20.0.2"))
    channel = connection.channel()
    channel.queue_declare("jobs")
    channel.basic_consume("jobs", lambda *_: None, auto_ack=True)
    channel.start_consuming()
for _ in range(20): threading.Thread(target=consume, daemon=True).start()
connection = pika.BlockingConnection(pika.ConnectionParameters("10.20.0.2"))
channel = connection.channel()
channel.queue_declare("jobs")
print("ready")
while True:
    for _ in range(10): channel.basic_publish("", "jobs", b"job")
    connection.process_data_events()
    time.sleep(0.1)
`;

/** Sessions that wait for notifications for hours. */
const LISTENERS = `
import psycopg2, select, time
held = []
for _ in range(12):
    connection = psycopg2.connect(host="10.20.0.2", user="app", dbname="postgres")
    connection.autocommit = True
    connection.cursor().execute("listen changes")
    held.append(connection)
print("ready")
while True:
    select.select(held, [], [], 1)
    for connection in held: connection.poll()
`;

export const HEALTHY_DATA: readonly Healthy[] = [
  {
    name: 'healthy-mysql-pool-at-its-cap',
    story: 'A pool of ten connections, all of them in use all the time.',
    async scene(stage) {
      const [app, db] = stage.network('app', 'db');
      await startMariadb(db);
      await stage.node(app, POOL);
    },
  },
  {
    name: 'healthy-pooler-with-many-clients',
    story: 'A hundred and fifty clients of a PgBouncer that has five connections to the server.',
    async scene(stage) {
      const [app, pooler, db] = stage.network('app', 'pooler', 'db');
      await startPostgres(db);
      const set = { default_pool_size: 5, max_client_conn: 1000 };
      await startPgbouncer(pooler, { server: '10.20.0.3:5432', set });
      await stage.python(app, MANY_CLIENTS, { args: ['150'] });
      await stage.reached('clients', () => stage.count(app, 'state', 'established', 'dport', '=', ':6432') >= 150);
    },
  },
  {
    name: 'healthy-batch-that-ends',
    story: 'A batch opens thirty connections and closes all of them when its work is done.',
    async scene(stage) {
      const [app, db] = stage.network('app', 'db');
      await startPostgres(db, { roles: ['app'] });
      await stage.python(app, BATCH);
      await stage.reached(
        'its connections',
        () => stage.count(app, 'state', 'established', 'dport', '=', ':5432') >= 30,
      );
    },
  },
  {
    name: 'healthy-small-quiet-pool',
    story: 'A stock pool of five connections, of which one is used every two seconds.',
    async scene(stage) {
      const [app, db] = stage.network('app', 'db');
      await startPostgres(db, { roles: ['app'] });
      await stage.python(app, QUIET_POOL);
    },
  },
  {
    name: 'healthy-postgres-listeners',
    story: 'Twelve sessions wait for notifications, and nothing happens.',
    async scene(stage) {
      const [app, db] = stage.network('app', 'db');
      await startPostgres(db, { roles: ['app'] });
      await stage.python(app, LISTENERS);
    },
  },
  {
    name: 'healthy-redis-subscribers',
    story: 'Fifty subscribers of a channel with ten messages a second.',
    async scene(stage) {
      const [app, cache] = stage.network('app', 'cache');
      await startRedis(cache);
      await stage.python(app, SUBSCRIBERS);
    },
  },
  {
    name: 'healthy-redis-blocking-workers',
    story: 'Thirty workers wait in a blocking command for the next job of a queue.',
    async scene(stage) {
      const [app, cache] = stage.network('app', 'cache');
      await startRedis(cache);
      await stage.python(app, QUEUE_WORKERS);
    },
  },
  {
    name: 'healthy-memcached-many-clients',
    story: 'Three hundred persistent connections to memcached, most of them idle, far below its limit.',
    async scene(stage) {
      const [app, cache] = stage.network('app', 'cache');
      await startMemcached(cache);
      await stage.python(app, HOLD, { args: ['10.20.0.2', '11211', '300', 'version\\r\\n'] });
      await stage.reached('clients', () => stage.count(app, 'state', 'established', 'dport', '=', ':11211') >= 300);
    },
  },
  {
    name: 'healthy-rabbitmq-consumers',
    story: 'Twenty consumers with a connection each, and a publisher with a hundred messages a second.',
    async scene(stage) {
      const [app, broker] = stage.network('app', 'broker');
      await startRabbitmq(broker);
      await stage.python(app, CONSUMERS);
    },
  },
];
