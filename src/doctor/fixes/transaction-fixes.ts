import type { Fix } from '../../model/finding/finding.ts';
import type { StackFacts } from '../../model/stack/stack-facts.ts';

/** How a connection is given back for certain, by the client's stack. */
const GIVEN_BACK: Readonly<Partial<Record<NonNullable<StackFacts['stack']>, string>>> = {
  Go: 'defer rows.Close()   // and defer tx.Rollback()',
  'Node.js': 'try { … } finally { client.release() }',
  Python: 'with engine.connect() as connection: …   # or with Session() as session',
  Java: 'try (Connection connection = dataSource.getConnection()) { … }',
  Ruby: 'ActiveRecord::Base.connection_pool.with_connection { … }',
  '.NET': 'await using var connection = await dataSource.OpenConnectionAsync();',
};

/**
 * The connections of a pool are held, idle, and not given back.
 *
 * @param inTransaction whether they are idle in a transaction of PostgreSQL
 */
export function heldFixes(stack: StackFacts['stack'] | undefined, inTransaction: boolean): Fix[] {
  const snippet = stack === undefined ? undefined : GIVEN_BACK[stack];
  return [
    {
      where: 'the application',
      text:
        stack === 'Go'
          ? 'close all rows of a query and end each transaction on every path, that of errors too: until then its connection is not free, and the next query opens one more, or waits for ever where SetMaxOpenConns is reached; QueryRow(…).Scan and a loop to the last row close them too. A larger pool would be held as well'
          : 'close each connection (or its session) and end its transaction when its work is done, also after an error, so that it returns to the pool: a larger pool would be held as well',
      ...(snippet !== undefined && { snippet }),
    },
    ...(inTransaction ? [IDLE_TIMEOUT] : []),
  ];
}

const IDLE_TIMEOUT: Fix = {
  where: 'PostgreSQL',
  text: 'ends sessions that stay idle in a transaction, and with that their locks',
  snippet: "ALTER SYSTEM SET idle_in_transaction_session_timeout = 'DURATION';",
};

/** Statements that wait for the lock of another session. */
export const LOCK_FIXES: readonly Fix[] = [
  {
    where: 'PostgreSQL',
    text: 'its sessions wait for a lock: find the session that holds it, mostly one that is idle in a transaction, and end it; commit before anything else is waited for, and give statements a lock_timeout and transactions an idle_in_transaction_session_timeout',
    snippet:
      "SELECT pid, pg_blocking_pids(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock';\nSELECT pg_terminate_backend(PID);",
  },
];
