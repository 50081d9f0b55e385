import type { Fix } from '../../model/finding/finding.ts';
import type { Database } from './servers.ts';

/** How one stack bounds its pool. */
interface PoolStack {
  /** `Go database/sql`. */
  where: string;
  /** Names of processes that hint at it; absent for compiled programs, which are called anything. */
  programs?: RegExp;
  /** The databases that it is for; absent for any. */
  databases?: readonly Database['name'][];
  /** The setting that caps it, for a list. */
  capSetting: string;
  cap: { text: string; snippet(cap: number): string };
  /** How to keep fewer idle. */
  idle: { text: string; snippet?: string };
}

/** In the order in which they are listed where the name of the process says nothing. */
const STACKS: readonly PoolStack[] = [
  {
    where: 'Go database/sql, xorm, gorm, sqlx',
    capSetting: 'SetMaxOpenConns',
    cap: {
      text: 'SetMaxOpenConns is the cap, and its default is unlimited; SetMaxIdleConns only limits how many stay idle and closes the rest at once: set both to the same number',
      snippet: (cap) => `db.SetMaxOpenConns(${cap})\ndb.SetMaxIdleConns(${cap})`,
    },
    idle: {
      text: 'close idle ones: SetConnMaxIdleTime, or a lower SetMaxIdleConns',
      snippet: 'db.SetConnMaxIdleTime(time.Minute)',
    },
  },
  {
    where: 'Node mysql2',
    programs: /^(node|MainThread|npm|PM2)/,
    databases: ['MySQL'],
    capSetting: 'connectionLimit',
    cap: {
      text: 'connectionLimit is the cap (default 10), of each createPool() in each process: cluster and PM2 multiply it',
      snippet: (cap) => `mysql.createPool({ connectionLimit: ${cap} })`,
    },
    idle: {
      text: 'maxIdle is as large as connectionLimit unless it is set; what is above it ends after idleTimeout',
      snippet: 'mysql.createPool({ maxIdle: 10, idleTimeout: 60000 })',
    },
  },
  {
    where: 'node-postgres',
    programs: /^(node|MainThread|npm|PM2)/,
    databases: ['PostgreSQL', 'PgBouncer'],
    capSetting: 'max',
    cap: {
      text: 'max is the cap (default 10), of each Pool in each process',
      snippet: (cap) => `new Pool({ max: ${cap} })`,
    },
    idle: {
      text: 'idleTimeoutMillis ends idle ones (default 10 s)',
      snippet: 'new Pool({ idleTimeoutMillis: 10000 })',
    },
  },
  {
    where: 'HikariCP',
    programs: /^(java|jsvc)/,
    capSetting: 'maximumPoolSize',
    cap: {
      text: 'maximumPoolSize is the cap (default 10) of one DataSource; every DataSource bean has a pool of its own',
      snippet: (cap) => `maximumPoolSize=${cap}`,
    },
    idle: {
      text: 'minimumIdle is as large as maximumPoolSize unless it is set: the pool never shrinks; set it, and idleTimeout',
      snippet: 'minimumIdle=5\nidleTimeout=600000',
    },
  },
  {
    where: 'SQLAlchemy',
    programs: /^(python|gunicorn|uvicorn|celery|uwsgi)/,
    capSetting: 'pool_size + max_overflow',
    cap: {
      text: 'pool_size + max_overflow is the cap (5 + 10 by default) of each process: multiply it by the workers; overflow is closed on return',
      snippet: (cap) => `create_engine(url, pool_size=${cap}, max_overflow=0)`,
    },
    idle: { text: 'pool_size are kept for ever; put the rest into max_overflow, which is closed on return' },
  },
  {
    where: 'Rails ActiveRecord',
    programs: /^(ruby|puma|unicorn|sidekiq|rails)/,
    capSetting: 'pool',
    cap: {
      text: 'pool in database.yml is the cap (default 5) of each process: multiply it by the workers',
      snippet: (cap) => `pool: ${cap}`,
    },
    idle: { text: 'idle_timeout in database.yml ends idle ones (default 300 s)', snippet: 'idle_timeout: 300' },
  },
  {
    where: 'PHP-FPM',
    programs: /^php/,
    capSetting: 'pm.max_children',
    cap: {
      text: 'persistent connections are one for each worker: pm.max_children is the cap',
      snippet: (cap) => `pm.max_children = ${cap}`,
    },
    idle: {
      text: 'each worker keeps its persistent connection: lower pm.max_spare_servers, or connect without persistence',
    },
  },
  {
    where: 'PgBouncer',
    programs: /^pgbouncer/,
    databases: ['PostgreSQL', 'PgBouncer'],
    capSetting: 'default_pool_size',
    cap: {
      text: 'default_pool_size caps each pair of user and database (default 20), max_db_connections each database; clients queue in it instead of at the server',
      snippet: (cap) => `default_pool_size = ${cap}\nmax_db_connections = ${cap}`,
    },
    idle: { text: 'server_idle_timeout ends idle ones (default 600 s)', snippet: 'server_idle_timeout = 600' },
  },
];

/** What a pool's owner and server are known to be. */
export interface PoolOwner {
  /** Command name of the process; undefined where no process is known. */
  program: string | undefined;
  /** Undefined for a server that is no known database. */
  database: Database | undefined;
}

/** How each stack caps a pool at `cap`: those that the process's name hints at first, all in full where it hints at none. */
export function capFixes(owner: PoolOwner, cap: number): Fix[] {
  const { first, others } = stacksFor(owner);
  const fixes = first.map(({ where, cap: { text, snippet } }) => ({ where, text, snippet: snippet(cap) }));
  return others.length === 0
    ? fixes
    : [...fixes, { where: 'another stack', text: `the cap is called ${listed(others)}` }];
}

/** How to have fewer idle connections in each stack, ordered as {@link capFixes}. */
export function idleFixes(owner: PoolOwner): Fix[] {
  return stacksFor(owner).first.map(({ where, idle: { text, snippet } }) => ({
    where,
    text,
    ...(snippet !== undefined && { snippet }),
  }));
}

function stacksFor({ program, database }: PoolOwner): { first: readonly PoolStack[]; others: readonly PoolStack[] } {
  const fitting = STACKS.filter(
    ({ databases }) => databases === undefined || database === undefined || databases.includes(database.name),
  );
  const hinted = fitting.filter(({ programs }) => program !== undefined && programs?.test(program) === true);
  if (hinted.length === 0) return { first: fitting, others: [] };
  return { first: hinted, others: fitting.filter((stack) => !hinted.includes(stack)) };
}

function listed(stacks: readonly PoolStack[]): string {
  return stacks.map(({ where, capSetting }) => `${capSetting} (${where})`).join(', ');
}

/** Programs whose work it is to hold connections for others. */
const PROXIES = /^(pgbouncer|pgpool|proxysql|maxscale|mysqlrouter|haproxy|envoy|nginx|traefik|docker-proxy|odyssey)/;

/** Whether a program is a proxy by its name: many connections are what it is for. */
export function isProxy(program: string | undefined): boolean {
  return program !== undefined && PROXIES.test(program);
}
