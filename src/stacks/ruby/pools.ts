import type { PeerKind, PoolWords } from '../pool-words.ts';

/** The pools of Ruby's libraries. */
export const RUBY_POOLS: readonly PoolWords[] = [
  {
    library: 'activerecord',
    to: 'drivers',
    isUsual: true,
    where: 'Rails, ActiveRecord',
    cap: {
      setting: 'pool',
      text: 'pool in database.yml is the cap of each process: multiply it by the workers',
      snippet: (count) => `pool: ${count}`,
    },
    idle: { text: 'idle_timeout in database.yml ends idle ones after so many seconds', snippet: 'idle_timeout: 60' },
    expire: {
      text: 'idle_timeout in database.yml ends idle ones after so many seconds',
      snippet: (seconds) => `idle_timeout: ${seconds}`,
    },
  },
  {
    library: 'sequel',
    to: 'drivers',
    where: 'Ruby, Sequel',
    cap: {
      setting: 'max_connections',
      text: 'max_connections is the cap of each process: multiply it by the workers',
      snippet: (count) => `Sequel.connect(url, max_connections: ${count})`,
    },
  },
];

/** What Ruby's drivers connect to. */
export const RUBY_DRIVERS: Readonly<Record<string, PeerKind>> = {
  mysql2: 'MySQL',
  trilogy: 'MySQL',
  pg: 'PostgreSQL',
};
