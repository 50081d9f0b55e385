import type { PeerKind, PoolWords } from '../pool-words.ts';

const EACH = 'of each process: multiply it by the workers';

/** The pools of Python's libraries, wrappers before the drivers beside them. */
export const PYTHON_POOLS: readonly PoolWords[] = [
  {
    library: 'SQLAlchemy',
    to: 'drivers',
    isUsual: true,
    where: 'Python, SQLAlchemy',
    cap: {
      setting: 'pool_size + max_overflow',
      text: `pool_size + max_overflow is the cap (default 5 + 10) ${EACH}; overflow is closed on return`,
      snippet: (count) => `create_engine(url, pool_size=${count}, max_overflow=0)`,
    },
    idle: { text: 'pool_size are kept for ever; put the rest into max_overflow, which is closed on return' },
    expire: {
      text: 'pool_pre_ping tests each connection before it is used, pool_recycle replaces one that is older than so many seconds',
      snippet: (seconds) => `create_engine(url, pool_pre_ping=True, pool_recycle=${seconds})`,
    },
  },
  {
    library: 'Django',
    to: 'drivers',
    where: 'Python, Django',
    cap: {
      setting: 'threads of the workers',
      text: 'Django keeps one connection for each thread: workers x threads of its server are the cap',
      snippet: () => 'gunicorn --workers W --threads T   # W x T connections',
    },
    idle: {
      text: 'CONN_MAX_AGE says how long a connection stays after its request; 0 closes it at once',
      snippet: '"CONN_MAX_AGE": 60,',
    },
    expire: {
      text: 'CONN_MAX_AGE ends a connection after so many seconds, CONN_HEALTH_CHECKS tests it before each request',
      snippet: (seconds) => `"CONN_MAX_AGE": ${seconds},\n"CONN_HEALTH_CHECKS": True,`,
    },
  },
  {
    library: 'psycopg_pool',
    to: ['PostgreSQL'],
    where: 'Python, psycopg_pool',
    cap: {
      setting: 'max_size',
      text: `max_size is the cap ${EACH}`,
      snippet: (count) => `ConnectionPool(conninfo, min_size=1, max_size=${count})`,
    },
    idle: { text: 'min_size stay open; max_idle ends the rest after so many seconds' },
    expire: {
      text: 'check tests each connection before it is given out; min_size stay open however long they are idle',
      snippet: () => 'ConnectionPool(conninfo, check=ConnectionPool.check_connection)',
    },
  },
  {
    library: 'asyncpg',
    to: ['PostgreSQL'],
    where: 'Python, asyncpg',
    cap: {
      setting: 'max_size',
      text: `max_size is the cap ${EACH}`,
      snippet: (count) => `asyncpg.create_pool(dsn, min_size=1, max_size=${count})`,
    },
    idle: { text: 'min_size stay open; max_inactive_connection_lifetime ends the rest after so many seconds' },
    expire: {
      text: 'max_inactive_connection_lifetime ends idle ones after so many seconds',
      snippet: (seconds) => `asyncpg.create_pool(dsn, max_inactive_connection_lifetime=${seconds})`,
    },
  },
  {
    library: 'redis-py',
    to: ['Redis'],
    where: 'Python, redis-py',
    cap: {
      setting: 'max_connections',
      text: `max_connections is the cap ${EACH}; in a BlockingConnectionPool callers wait instead of failing (Celery: broker_pool_limit, redis_max_connections)`,
      snippet: (count) => `redis.Redis(connection_pool=redis.BlockingConnectionPool(max_connections=${count}))`,
    },
    // Tried with redis-py 4.3.4: health_check_interval alone raises the error of its own PING, socket_keepalive alone
    // changes nothing, since probes of TCP are no commands.
    expire: {
      text: 'health_check_interval sends a PING before a command where the connection was idle for longer, and retry with retry_on_error connects anew and repeats what met the close; socket_keepalive is for firewalls and NAT on the way, it does not count for timeout of Redis',
      snippet: (seconds) =>
        `redis.Redis(health_check_interval=${seconds}, socket_keepalive=True,\n    retry=Retry(ExponentialBackoff(cap=1, base=0.1), 3), retry_on_error=[redis.ConnectionError])`,
    },
  },
  {
    library: 'PyMongo',
    to: ['MongoDB'],
    where: 'Python, PyMongo',
    cap: {
      setting: 'maxPoolSize',
      text: `maxPoolSize is the cap ${EACH}`,
      snippet: (count) => `MongoClient(url, maxPoolSize=${count})`,
    },
  },
];

/** What Python's drivers connect to. By themselves most have no pool that is used. */
export const PYTHON_DRIVERS: Readonly<Record<string, PeerKind>> = {
  psycopg2: 'PostgreSQL',
  psycopg: 'PostgreSQL',
  asyncpg: 'PostgreSQL',
  PyMySQL: 'MySQL',
  mysqlclient: 'MySQL',
  'mysql-connector-python': 'MySQL',
  aiomysql: 'MySQL',
};
