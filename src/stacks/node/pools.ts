import type { PeerKind, PoolWords } from '../pool-words.ts';

const EACH = 'of each pool in each process: cluster and PM2 multiply it';

/** Seconds in milliseconds. */
function millis(seconds: number | 'N'): number | 'MS' {
  return seconds === 'N' ? 'MS' : seconds * 1000;
}

/** The pools of Node's libraries, wrappers before the drivers whose connections they pool themselves. */
export const NODE_POOLS: readonly PoolWords[] = [
  {
    library: 'knex',
    to: 'drivers',
    where: 'Node, knex',
    cap: {
      setting: 'pool.max',
      text: `pool.max of knex is the cap (not a setting of the driver), ${EACH}`,
      snippet: (count) => `knex({ pool: { min: 0, max: ${count} } })`,
    },
    idle: { text: 'pool.min stay open for ever: set it to 0', snippet: 'knex({ pool: { min: 0 } })' },
  },
  {
    library: 'sequelize',
    to: 'drivers',
    where: 'Node, Sequelize',
    cap: {
      setting: 'pool.max',
      text: `pool.max is the cap, ${EACH}`,
      snippet: (count) => `new Sequelize(url, { pool: { max: ${count} } })`,
    },
    idle: { text: 'pool.idle ends idle ones after so many milliseconds, down to pool.min' },
  },
  {
    library: 'typeorm',
    to: 'drivers',
    where: 'Node, TypeORM',
    cap: {
      setting: 'poolSize',
      text: `poolSize of the DataSource is the cap, ${EACH}`,
      snippet: (count) => `new DataSource({ poolSize: ${count} })`,
    },
  },
  {
    library: '@prisma/client',
    to: ['MySQL', 'PostgreSQL'],
    where: 'Node, Prisma',
    cap: {
      setting: 'connection_limit',
      text: `connection_limit in the URL of the data source is the cap, ${EACH}; from Prisma 7 on it is set in the driver's adapter`,
      snippet: (count) => `?connection_limit=${count}`,
    },
  },
  {
    library: 'mysql2',
    to: ['MySQL'],
    isUsual: true,
    where: 'Node, mysql2',
    cap: {
      setting: 'connectionLimit',
      text: `connectionLimit is the cap (default 10), ${EACH}`,
      snippet: (count) => `mysql.createPool({ connectionLimit: ${count} })`,
    },
    idle: {
      text: 'maxIdle is as large as connectionLimit unless it is set; what is above it ends after idleTimeout',
      snippet: 'mysql.createPool({ maxIdle: 10, idleTimeout: 60000 })',
    },
    expire: {
      text: 'idleTimeout ends idle ones after so many milliseconds, where maxIdle is below connectionLimit',
      snippet: (seconds) => `mysql.createPool({ connectionLimit: C, maxIdle: C - 1, idleTimeout: ${millis(seconds)} })`,
    },
  },
  {
    library: 'mysql',
    to: ['MySQL'],
    where: 'Node, mysql',
    cap: {
      setting: 'connectionLimit',
      text: `connectionLimit is the cap, ${EACH}`,
      snippet: (count) => `mysql.createPool({ connectionLimit: ${count} })`,
    },
  },
  {
    library: 'pg',
    to: ['PostgreSQL'],
    isUsual: true,
    where: 'Node, pg (node-postgres)',
    cap: {
      setting: 'max',
      text: `max is the cap (default 10), ${EACH}`,
      snippet: (count) => `new Pool({ max: ${count} })`,
    },
    idle: {
      text: 'idleTimeoutMillis ends idle ones (default 10 s)',
      snippet: 'new Pool({ idleTimeoutMillis: 10000 })',
    },
    expire: {
      text: 'idleTimeoutMillis ends idle ones; 0 keeps them',
      snippet: (seconds) => `new Pool({ idleTimeoutMillis: ${millis(seconds)} })`,
    },
  },
  {
    library: 'postgres',
    to: ['PostgreSQL'],
    where: 'Node, postgres.js',
    cap: { setting: 'max', text: `max is the cap, ${EACH}`, snippet: (count) => `postgres(url, { max: ${count} })` },
    idle: { text: 'idle_timeout ends idle ones after so many seconds', snippet: 'postgres(url, { idle_timeout: 60 })' },
    expire: {
      text: 'idle_timeout ends idle ones after so many seconds',
      snippet: (seconds) => `postgres(url, { idle_timeout: ${seconds} })`,
    },
  },
  {
    library: 'ioredis',
    to: ['Redis'],
    where: 'Node, ioredis',
    cap: {
      setting: 'one client',
      text: 'each client is one connection: create one when the process starts and share it',
      snippet: () => 'export const redis = new Redis(url);',
    },
  },
  {
    library: 'redis',
    to: ['Redis'],
    where: 'Node, redis',
    cap: {
      setting: 'one client',
      text: 'each client is one connection: create one when the process starts and share it',
      snippet: () => 'export const redis = await createClient({ url }).connect();',
    },
    expire: {
      text: 'pingInterval sends a PING every so many milliseconds, so that the connection is never idle for longer',
      snippet: (seconds) => `createClient({ url, pingInterval: ${millis(seconds)} })`,
    },
  },
  {
    library: 'mongodb',
    to: ['MongoDB'],
    where: 'Node, mongodb',
    cap: {
      setting: 'maxPoolSize',
      text: `maxPoolSize is the cap, ${EACH}`,
      snippet: (count) => `new MongoClient(url, { maxPoolSize: ${count} })`,
    },
    idle: {
      text: 'maxIdleTimeMS ends idle ones',
      snippet: 'new MongoClient(url, { maxIdleTimeMS: 60000 })',
    },
  },
];

/** What Node's drivers connect to. */
export const NODE_DRIVERS: Readonly<Record<string, PeerKind>> = {
  mysql2: 'MySQL',
  mysql: 'MySQL',
  pg: 'PostgreSQL',
  tedious: 'SQL Server',
};
