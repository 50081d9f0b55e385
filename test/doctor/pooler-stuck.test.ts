/** PgBouncer between clients and PostgreSQL: clients that forgot to commit, and a busy pool. */
import { afterEach, expect } from 'vitest';
import { diagnose, prove } from '../support/doctor.ts';
import { startPgbouncer } from '../support/software/pgbouncer.ts';
import { startPostgres } from '../support/software/postgres.ts';
import { CLIENTS, PGBOUNCER } from './incidents/scenes/pgbouncer.ts';
import { Stage } from './incidents/stage.ts';

let stage = new Stage();
afterEach(async () => {
  await stage.end();
  stage = new Stage();
});

const examined = async () => (await diagnose(stage.target, { rules: ['POOLER_STUCK'], for: '10s' })).findings;

/** Connections that ran a query each and are not used any more. */
const IDLE = `
import psycopg2, sys, time
held = []
for _ in range(int(sys.argv[1])):
    connection = psycopg2.connect(host=sys.argv[-1], port=6432, user="app", dbname="postgres")
    connection.autocommit = True
    connection.cursor().execute("select 1")
    held.append(connection)
print("ready")
time.sleep(1000)
`;

prove({
  rule: 'POOLER_STUCK',
  how: 'namespaces: PgBouncer with five connections to PostgreSQL, five clients that forgot to commit, forty others',
  lookAlike: 'forty clients that share two connections, and a pooler with thirty idle clients',
  async fault() {
    await PGBOUNCER.find(({ name }) => name === 'pgbouncer-forgotten-commit')?.scene(stage);
    return examined();
  },
  async healthy() {
    const [app, busy, quiet, db] = stage.network('app', 'busy', 'quiet', 'db');
    await startPostgres(db);
    for (const pooler of [busy, quiet]) {
      const set = { default_pool_size: 2, max_client_conn: 500 };
      await startPgbouncer(pooler, { server: '10.20.0.4:5432', set });
    }
    await stage.python(app, CLIENTS, { args: ['40', '0.01', '10.20.0.2'] });
    await stage.python(app, IDLE, { args: ['30', '10.20.0.3'] });
    await stage.reached('clients', () => stage.count(app, 'state', 'established', 'dport', '=', ':6432') >= 70);
    return examined();
  },
  check: (finding) => {
    expect(finding).toMatchObject({ severity: 'critical', about: 'port 6432', scope: { kind: 'process' } });
    expect(finding.summary).toMatch(/^40 clients of port 6432 \(pgbouncer\) wait .* while all 5 of its connections/);
    // The clients that forgot have this address.
    expect(finding.evidence.some(({ value }) => value === '5 (5 from 10.20.0.2)')).toBe(true);
    expect(finding.fixes.map(({ where }) => where)).toContain('PgBouncer');
  },
  timeoutMs: 120_000,
});
