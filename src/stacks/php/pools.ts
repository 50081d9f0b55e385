import type { PoolWords } from '../pool-words.ts';

/** PHP-FPM has no pool: a worker holds its connections, persistent ones until it ends. */
export const PHP_POOLS: readonly PoolWords[] = [
  {
    to: ['MySQL', 'PostgreSQL', 'Redis'],
    isUsual: true,
    where: 'PHP-FPM',
    cap: {
      setting: 'pm.max_children',
      text: 'each worker holds one connection to each database: pm.max_children is the cap',
      snippet: (count) => `pm.max_children = ${count}`,
    },
    idle: {
      text: 'each worker keeps its persistent connection: lower pm.max_spare_servers, or connect without persistence',
    },
  },
];
