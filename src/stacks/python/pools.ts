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
  },
  {
    library: 'redis-py',
    to: ['Redis'],
    where: 'Python, redis-py',
    cap: {
      setting: 'max_connections',
      text: `max_connections is the cap ${EACH}; in a BlockingConnectionPool callers wait instead of failing`,
      snippet: (count) => `redis.Redis(connection_pool=redis.BlockingConnectionPool(max_connections=${count}))`,
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
