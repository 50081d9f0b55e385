import type { PoolWords } from '../pool-words.ts';

/** The pools of .NET's drivers, one for each connection string in each process. */
export const DOTNET_POOLS: readonly PoolWords[] = (
  [
    ['Npgsql', 'PostgreSQL'],
    ['MySqlConnector', 'MySQL'],
    ['MySql.Data', 'MySQL'],
    ['Microsoft.Data.SqlClient', 'SQL Server'],
    ['System.Data.SqlClient', 'SQL Server'],
  ] as const
).map(([library, peer]) => ({
  library,
  to: [peer],
  isUsual: library === 'Npgsql' || library === 'MySqlConnector',
  where: `.NET, ${library}`,
  cap: {
    setting: 'Maximum Pool Size',
    text: 'Maximum Pool Size in the connection string is the cap of each process; strings that differ have pools of their own',
    snippet: (count) => `Maximum Pool Size=${count}`,
  },
}));
