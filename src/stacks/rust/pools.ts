import type { PeerKind, PoolWords } from '../pool-words.ts';

/** The pools of Rust's crates, by the name of the crate that has the code. */
export const RUST_POOLS: readonly PoolWords[] = [
  {
    library: 'sqlx-core',
    to: ['MySQL', 'PostgreSQL'],
    where: 'Rust, sqlx',
    cap: {
      setting: 'max_connections',
      text: 'max_connections of the pool options is the cap (MySqlPoolOptions, PgPoolOptions)',
      snippet: (count) => `PgPoolOptions::new().max_connections(${count})`,
    },
    idle: { text: 'idle_timeout ends idle ones', snippet: '.idle_timeout(Duration::from_secs(60))' },
    expire: {
      text: 'idle_timeout ends idle ones',
      snippet: (seconds) => `.idle_timeout(Duration::from_secs(${seconds}))`,
    },
  },
  ...(['deadpool', 'bb8', 'r2d2'] as const).map(
    (library): PoolWords => ({
      library,
      to: 'drivers',
      where: `Rust, ${library}`,
      cap: { setting: 'max_size', text: 'max_size is the cap', snippet: (count) => `.max_size(${count})` },
    }),
  ),
  {
    library: 'mysql_async',
    to: ['MySQL'],
    where: 'Rust, mysql_async',
    cap: {
      setting: 'PoolConstraints',
      text: 'PoolConstraints are the smallest and the largest number of connections',
      snippet: (count) => `PoolOpts::default().with_constraints(PoolConstraints::new(0, ${count}).unwrap())`,
    },
  },
];

/** What Rust's drivers connect to. */
export const RUST_DRIVERS: Readonly<Record<string, PeerKind>> = {
  'tokio-postgres': 'PostgreSQL',
  postgres: 'PostgreSQL',
  mysql: 'MySQL',
  redis: 'Redis',
};
