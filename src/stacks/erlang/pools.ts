import type { PeerKind, PoolWords } from '../pool-words.ts';

/** The pools of Elixir's libraries. */
export const ERLANG_POOLS: readonly PoolWords[] = [
  {
    library: 'ecto_sql',
    to: 'drivers',
    where: 'Elixir, Ecto',
    cap: {
      setting: 'pool_size',
      text: 'pool_size of the Repo is the cap of each node',
      snippet: (count) => `config :my_app, MyApp.Repo, pool_size: ${count}`,
    },
  },
];

/** What Elixir's drivers connect to. */
export const ERLANG_DRIVERS: Readonly<Record<string, PeerKind>> = { postgrex: 'PostgreSQL', myxql: 'MySQL' };
