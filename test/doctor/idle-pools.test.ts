/** Idle connections of real pools that their server ends. */
import { afterEach, expect } from 'vitest';
import { diagnose, prove } from '../support/doctor.ts';
import { createNetns, removeAllNetns, until } from '../support/netns.ts';
import { startMariadb } from '../support/software/mariadb.ts';
import { stopSoftware } from '../support/software/program.ts';
import { startPython } from '../support/software/python-program.ts';

afterEach(async () => {
  await stopSoftware();
  removeAllNetns();
});

/** SQLAlchemy's stock pool, all five connections checked out once and given back; `round` is what happens then every second. */
function pool(options: string, round: string): string {
  return `
import time
from sqlalchemy import create_engine, text
engine = create_engine("mysql+pymysql://root@127.0.0.1/mysql"${options})
def use():
    held = [engine.connect() for _ in range(5)]
    for connection in held:
        connection.execute(text("select 1"))
    for connection in held:
        connection.close()
use()
print("used", flush=True)
while True:
    ${round}
    time.sleep(0.5)
`;
}

/** A server that ends sessions after two idle seconds, and a pool with it. */
async function idle(options: string, round: string) {
  const netns = createNetns();
  const server = await startMariadb(netns, { set: { wait_timeout: 2 } });
  server.query('create database if not exists mysql');
  await startPython(netns, pool(options, round));
  const established = () => netns.run('ss', '-Htn', 'state', 'established', 'dport', '=', ':3306').trim();
  if (round === 'pass') await until('the server to end all sessions', () => established() === '');
  return (await diagnose(`netns:${netns.name}`, { rules: ['ZOMBIE_SOCKET_FDS'], for: '10s' })).findings;
}

prove({
  rule: 'ZOMBIE_SOCKET_FDS',
  how: 'namespace: the stock pool of SQLAlchemy, whose five idle connections MariaDB ends after its wait_timeout',
  lookAlike: 'the same pool in use',
  timeoutMs: 120_000,
  fault: () => idle('', 'pass'),
  healthy: () => idle(', pool_pre_ping=True', 'use()'),
  check: ({ summary, fixes }) => {
    expect(summary).toMatch(/holds 5 sockets that no table shows .* its pool still holds/);
    expect(fixes[0]?.text).toContain('pool_pre_ping');
  },
});
