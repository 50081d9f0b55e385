import type { PoolWords } from '../pool-words.ts';

/** How database/sql is set up through a wrapper: statements before, and the name of the pool. */
interface SqlPool {
  library: string;
  where: string;
  /** Statements that get the pool; absent where it is at hand. */
  before?: string;
  pool: string;
}

const WRAPPERS: readonly SqlPool[] = [
  { library: 'gorm', where: 'Go, gorm', before: 'sqlDB, err := db.DB()', pool: 'sqlDB' },
  { library: 'jinzhu/gorm', where: 'Go, gorm', pool: 'db.DB()' },
  { library: 'xorm', where: 'Go, xorm', pool: 'engine' },
  { library: 'sqlx', where: 'Go, sqlx', pool: 'db' },
  {
    library: 'ent',
    where: 'Go, ent',
    before: 'db := drv.DB() // drv, err := sql.Open(...) of entgo.io/ent/dialect/sql',
    pool: 'db',
  },
];

/** The pools of Go's libraries; that of database/sql under the name of the wrapper that the program uses. */
export const GO_POOLS: readonly PoolWords[] = [
  ...WRAPPERS.map((wrapper): PoolWords => ({ ...sqlWords(wrapper), to: 'drivers' })),
  ...(
    [
      ['go-sql-driver/mysql', 'MySQL'],
      ['lib/pq', 'PostgreSQL'],
      ['pgx/stdlib', 'PostgreSQL'],
      ['go-mssqldb', 'SQL Server'],
    ] as const
  ).map(
    ([library, peer]): PoolWords => ({
      ...sqlWords({ library, where: `Go database/sql, ${library}`, pool: 'db' }),
      to: [peer],
      isUsual: library === 'go-sql-driver/mysql' || library === 'lib/pq',
    }),
  ),
  {
    library: 'pgxpool',
    to: ['PostgreSQL'],
    where: 'Go, pgxpool',
    cap: {
      setting: 'MaxConns',
      text: 'MaxConns caps the pool',
      snippet: (count) => `config.MaxConns = ${count}`,
    },
    idle: { text: 'MaxConnIdleTime closes idle connections', snippet: 'config.MaxConnIdleTime = time.Minute' },
    expire: {
      text: 'MaxConnIdleTime closes idle connections',
      snippet: (seconds) => `config.MaxConnIdleTime = ${seconds} * time.Second`,
    },
  },
  {
    library: 'go-redis',
    to: ['Redis'],
    where: 'Go, go-redis',
    cap: {
      setting: 'PoolSize',
      text: 'PoolSize caps the pool of one client; share one client in the process',
      snippet: (count) => `redis.NewClient(&redis.Options{PoolSize: ${count}})`,
    },
    expire: {
      text: 'ConnMaxIdleTime (IdleTimeout up to v8) closes idle connections',
      snippet: (seconds) => `redis.NewClient(&redis.Options{ConnMaxIdleTime: ${seconds} * time.Second})`,
    },
  },
  {
    library: 'redigo',
    to: ['Redis'],
    where: 'Go, redigo',
    cap: {
      setting: 'MaxActive',
      text: 'MaxActive caps the pool, and 0 is unlimited; with Wait callers queue instead of failing',
      snippet: (count) => `pool := &redis.Pool{MaxActive: ${count}, MaxIdle: ${count}, Wait: true}`,
    },
    idle: { text: 'IdleTimeout closes idle connections', snippet: 'pool.IdleTimeout = time.Minute' },
    expire: {
      text: 'IdleTimeout closes idle connections',
      snippet: (seconds) => `pool.IdleTimeout = ${seconds} * time.Second`,
    },
  },
  {
    library: 'mongo-driver',
    to: ['MongoDB'],
    where: 'Go, mongo-driver',
    cap: {
      setting: 'maxPoolSize',
      text: 'SetMaxPoolSize caps the pool of one client to one server',
      snippet: (count) => `options.Client().SetMaxPoolSize(${count})`,
    },
    idle: {
      text: 'SetMaxConnIdleTime closes idle connections',
      snippet: 'options.Client().SetMaxConnIdleTime(time.Minute)',
    },
  },
];

function sqlWords({ library, where, before, pool }: SqlPool): Omit<PoolWords, 'to'> {
  const lines = (...statements: string[]) => [...(before === undefined ? [] : [before]), ...statements].join('\n');
  return {
    library,
    where,
    cap: {
      setting: 'SetMaxOpenConns',
      text: 'SetMaxOpenConns is the cap, and its default is unlimited; SetMaxIdleConns only limits how many stay idle and closes the rest at once: set both to the same number',
      snippet: (count) => lines(`${pool}.SetMaxOpenConns(${count})`, `${pool}.SetMaxIdleConns(${count})`),
    },
    idle: {
      text: 'close idle ones: SetConnMaxIdleTime, or a lower SetMaxIdleConns',
      snippet: lines(`${pool}.SetConnMaxIdleTime(time.Minute)`),
    },
    expire: {
      text: 'SetConnMaxIdleTime closes connections that were idle for so long',
      snippet: (seconds) => lines(`${pool}.SetConnMaxIdleTime(${seconds} * time.Second)`),
    },
  };
}
