/** Redis and its clients. */
import { startRedis } from '../../../support/software/redis.ts';
import type { Incident } from '../incident.ts';

/** A client object for each request, kept in a cache that nothing empties. */
const CLIENT_PER_REQUEST = `
import redis, time
print("ready")
clients = []
while True:
    try:
        client = redis.Redis(host="10.20.0.2")
        client.incr("requests")
        clients.append(client)
    except redis.exceptions.ConnectionError as error:
        print("refused", error)
    time.sleep(0.1)
`;

/** Workers that ask Redis for something, twenty times a second. */
const WORKERS = `
import redis, threading, time
def run():
    while True:
        try:
            client = redis.Redis(host="10.20.0.2", socket_timeout=60)
            while True:
                client.get("key")
                time.sleep(0.05)
        except redis.exceptions.RedisError as error:
            print("error", error)
            time.sleep(0.2)
for _ in range(30): threading.Thread(target=run, daemon=True).start()
print("ready")
time.sleep(1000)
`;

/** A command that holds the thread of Redis for two minutes, without use of the processor. */
const BLOCKS = `
import socket, time
connection = socket.create_connection(("127.0.0.1", 6379))
connection.sendall(b"DEBUG SLEEP 120\\r\\n")
print("ready")
time.sleep(1000)
`;

/** A subscriber that does a slow job for every message, so that it reads far too slowly. */
const SLOW_SUBSCRIBER = `
import socket, time
connection = socket.create_connection(("10.20.0.2", 6379))
connection.sendall(b"SUBSCRIBE events\\r\\n")
print("ready")
while True:
    connection.recv(100)
    time.sleep(1)
`;
const PUBLISHER = `
import redis, time
client = redis.Redis(host="10.20.0.2")
print("ready")
while True:
    client.publish("events", b"x" * 20000)
    time.sleep(0.01)
`;

/** A task queue's worker process: each of its tasks has made a client of its own, with a connection that stays open. */
const TASK_WORKER = `
import redis, time
clients = [redis.Redis(host="10.20.0.2") for _ in range(54)]
for client in clients: client.ping()
print("ready")
while True:
    clients[0].get("task")
    time.sleep(0.2)
`;

/** A web service that needs a connection for each of its requests, and gets one of the few that are left. */
const WEB_REQUESTS = `
import redis, threading, time
print("ready")
def serve():
    client = redis.Redis(host="10.20.0.2")
    while True:
        try:
            client.get("page")
        except redis.exceptions.RedisError as error:
            print("refused", error)
        time.sleep(0.5)
for _ in range(12): threading.Thread(target=serve, daemon=True).start()
time.sleep(1000)
`;

/** A service with little traffic: each of its threads uses its client about as often as the server closes idle ones. */
const SELDOM_USED = `
import itertools, redis, threading, time
print("ready")
PAUSES = itertools.cycle((3.0, 3.5, 4.0, 4.5, 2.0, 2.95, 2.99, 3.01))
def run(pause):
    client = redis.Redis(host="10.20.0.2", single_connection_client=True)
    while True:
        try:
            client.get("key")
        except redis.exceptions.RedisError as error:
            print("lost", error)
        time.sleep(pause)
for _ in range(40): threading.Thread(target=run, args=(next(PAUSES),), daemon=True).start()
time.sleep(1000)
`;

export const REDIS: readonly Incident[] = [
  {
    name: 'redis-client-per-request',
    report: 'https://github.com/redis/node-redis/issues/1278',
    story: 'Every request makes a client and forgets it; at maxclients Redis answers with an error and closes.',
    async scene(stage) {
      const [app, cache] = stage.network('app', 'cache');
      await startRedis(cache, { set: { maxclients: 60 } });
      const script = await stage.python(app, CLIENT_PER_REQUEST);
      await script.printed('refused');
    },
    expected: {
      rules: ['DROPPED_AFTER_ACCEPT', 'REFUSED_BY_SERVER', 'POOL_OVERRUN', 'LEAK_RISING'],
      place: /6379|redis/,
      says: [/maxclients|one client|share|pool/i],
      never: [/10,?000/],
      beside: ['LEAK_RISING', 'CONN_CHURN', 'POOL_OVERRUN', 'POOL_IDLE_SURPLUS'],
    },
  },
  {
    name: 'redis-worker-fills-maxclients',
    report: 'https://github.com/getsentry/sentry/issues/3815',
    story: 'A worker keeps a connection for each task; the web service beside it is refused at maxclients.',
    async scene(stage) {
      const [web, cache, worker] = stage.network('web', 'cache', 'worker');
      await startRedis(cache, { set: { maxclients: 60 } });
      await stage.python(worker, TASK_WORKER);
      const script = await stage.python(web, WEB_REQUESTS);
      await script.printed('refused');
    },
    expected: {
      rules: ['DROPPED_AFTER_ACCEPT', 'REFUSED_BY_SERVER', 'POOL_OVERRUN', 'POOL_ARITHMETIC'],
      place: /6379|redis/,
      names: [/54 of netns:worker/],
      says: [/netns:worker .*holds 54 of the 60/],
      never: [/10,?000/],
      beside: ['CONN_CHURN', 'POOL_OVERRUN', 'POOL_IDLE_SURPLUS'],
    },
  },
  {
    name: 'redis-idle-timeout',
    report: 'https://github.com/redis/redis-py/issues/1127',
    story: 'Redis closes connections that were idle for three seconds; the clients use them again just then.',
    async scene(stage) {
      const [app, cache] = stage.network('app', 'cache');
      await startRedis(cache, { set: { timeout: 3 } });
      const script = await stage.python(app, SELDOM_USED);
      await script.printed('lost');
    },
    expected: {
      rules: ['KEEPALIVE_MISMATCH', 'CLOSE_WAIT_LEAK', 'ZOMBIE_SOCKET_FDS'],
      place: /6379|redis/,
      says: [/health_check_interval/],
      never: [/keepAliveTimeout|pool_pre_ping/],
      beside: ['CONN_CHURN'],
    },
  },
  {
    name: 'redis-protected-mode',
    report: 'https://github.com/bitnami/bitnami-docker-redis/issues/136',
    story:
      'Redis in protected mode: it answers each client of another host with an error and closes; no limit is reached.',
    async scene(stage) {
      const [app, cache] = stage.network('app', 'cache');
      await startRedis(cache, { set: { 'protected-mode': 'yes' } });
      const script = await stage.python(app, WORKERS);
      await script.printed('error');
    },
    expected: {
      rules: ['DROPPED_AFTER_ACCEPT'],
      place: /6379|redis/,
      says: [/protected-mode|log/i],
      never: [/raise maxclients|maxclients \d/i],
      beside: ['CONN_CHURN'],
    },
  },
  {
    name: 'redis-blocked-by-slow-command',
    report: 'https://github.com/StackExchange/StackExchange.Redis/issues/1145',
    story: 'One slow command keeps the single thread of Redis busy; the requests of all clients stay unread.',
    async scene(stage) {
      const [app, cache] = stage.network('app', 'cache');
      await startRedis(cache, { set: { 'enable-debug-command': 'yes' } });
      await stage.python(app, WORKERS);
      await stage.python(cache, BLOCKS);
      await stage.reached('unread requests', () => {
        const rows = cache.run('ss', '-Htn', 'state', 'established', 'sport', '=', ':6379').split('\n');
        return rows.filter((row) => Number(row.split(/\s+/)[0]) > 0).length >= 25;
      });
    },
    expected: {
      rules: ['ACCEPT_STUCK'],
      place: /6379|redis/,
      never: [/maxclients|ulimit|backlog/i],
      beside: [],
    },
  },
  {
    name: 'redis-slow-subscriber',
    report: 'https://github.com/redis/redis/issues/91',
    story: 'A subscriber reads slower than messages are published; its receive window is closed and Redis buffers.',
    async scene(stage) {
      const [app, cache, publisher] = stage.network('app', 'cache', 'publisher');
      await startRedis(cache, { set: { 'client-output-buffer-limit': 'pubsub 0 0 0' } });
      await stage.python(app, SLOW_SUBSCRIBER);
      await stage.python(publisher, PUBLISHER);
      await stage.reached('a full send queue', () => {
        const rows = cache
          .run('ss', '-Htn', 'state', 'established', 'sport', '=', ':6379', 'dst', '10.20.0.1')
          .split('\n');
        return rows.some((row) => Number(row.split(/\s+/)[1]) > 100_000);
      });
    },
    expected: {
      rules: ['ZERO_WINDOW_STUCK', 'SLOW_READER', 'SEND_QUEUE_STUCK'],
      place: /6379|app|python/,
      says: [/read/i],
      never: [/rmem|buffer.*rais/i],
      beside: ['ZERO_WINDOW_STUCK', 'SLOW_READER', 'SEND_QUEUE_STUCK'],
    },
  },
];
