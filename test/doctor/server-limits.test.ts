/** Limits of real servers: what they refuse, at which number, and what a fix may be computed from. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/model/finding/finding.ts';
import { type DiagnoseOptions, diagnose } from '../support/doctor.ts';
import { connectNetns, createNetns, removeAllNetns, type TestNetns, until } from '../support/netns.ts';
import { startMariadb } from '../support/software/mariadb.ts';
import { startPgbouncer } from '../support/software/pgbouncer.ts';
import { startPostgres } from '../support/software/postgres.ts';
import { missingProgram, stopSoftware } from '../support/software/program.ts';
import { startPython } from '../support/software/python-program.ts';
import { startRedis } from '../support/software/redis.ts';

afterEach(async () => {
  await stopSoftware();
  removeAllNetns();
});

const missing = missingProgram('mariadbd', 'postgres', 'pgbouncer', 'redis-server', 'python3');

/** Opens `wanted` connections with `connect()`, holds those that it gets, and tries the rest again and again. */
function holding(imports: string, connect: string, wanted: number): string {
  return `
import threading, time
${imports}
held = []
print("ready", flush=True)
def client():
    while True:
        try:
            held.append(${connect})
            break
        except Exception:
            print("refused", flush=True)
            time.sleep(0.2)
    while True:
        time.sleep(1)
threads = [threading.Thread(target=client, daemon=True) for _ in range(${wanted})]
for thread in threads:
    thread.start()
while True:
    time.sleep(1)
`;
}

const MYSQL = (host: string) => `pymysql.connect(host="${host}", user="root")`;
const POSTGRES = (port: number) =>
  `psycopg2.connect(host="127.0.0.1", port=${port}, user="app", dbname="postgres", sslmode="prefer")`;

async function found(netns: TestNetns, rule: string, options: DiagnoseOptions = {}): Promise<Finding | undefined> {
  // On a busy machine a client may try nothing within five seconds.
  for (let tries = 1; ; tries++) {
    const { findings } = await diagnose(`netns:${netns.name}`, { for: '5s', ...options });
    const finding = findings.find((one) => one.rule === rule);
    if (finding !== undefined || tries === 3) return finding;
  }
}

/** A MariaDB in a namespace that nobody watches, and a client elsewhere that wants 80 connections. */
async function apart(maxConnections: number) {
  const left = { netns: createNetns(), addresses: ['10.83.0.1/24'] };
  const right = { netns: createNetns(), addresses: ['10.83.0.2/24'] };
  connectNetns(left, right);
  await startMariadb(right.netns, { maxConnections });
  const client = await startPython(left.netns, holding('import pymysql', MYSQL('10.83.0.2'), 80));
  return { netns: left.netns, client, host: '10.83.0.2' };
}

/** A value of a finding's evidence by the beginning of its text. */
function evidenceOf(finding: Finding | undefined, what: string): unknown {
  return finding?.evidence.find((evidence) => evidence.what.startsWith(what))?.value;
}

/** Connections that a server has, as ss counts them. */
function held(netns: TestNetns, port: number): number {
  const rows = netns.run('ss', '-Htn', 'state', 'established', 'sport', '=', `:${port}`).trim();
  return rows === '' ? 0 : rows.split('\n').length;
}

/** A client of Redis: refused where the first answer is an error. */
const PING = `
def ping(port):
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"PING\\r\\n")
    if client.recv(100) != b"+PONG\\r\\n":
        client.close()
        raise OSError("refused")
    return client
`;

/** Every number that a fix has to paste. */
function pasted(finding: Finding | undefined): string {
  return (finding?.fixes ?? []).map(({ snippet = '' }) => snippet).join('\n');
}

describe.skipIf(missing !== undefined)('limits of servers', () => {
  test('MariaDB that takes 60 and refuses at 61: the number in the fix is below 60', { timeout: 240_000 }, async () => {
    const netns = createNetns();
    await startMariadb(netns, { maxConnections: 60 });
    const client = await startPython(netns, holding('import pymysql', MYSQL('127.0.0.1'), 80));
    await client.said('refused');
    const finding = await found(netns, 'REFUSED_BY_SERVER');
    expect(finding).toMatchObject({ severity: 'critical', confidence: 'high' });
    expect(JSON.stringify(finding?.evidence)).not.toContain('151');
    expect(evidenceOf(finding, 'max_connections of MariaDB')).toBe(60);
    const caps = [...pasted(finding).matchAll(/(?:pool_size=|SetMaxOpenConns\()(\d+)/g)].map(([, cap]) => Number(cap));
    expect(caps.length).toBeGreaterThan(0);
    // One process: nine tenths of what the server takes.
    for (const cap of caps) expect(cap).toBeLessThanOrEqual(54);
  });

  test('the same seen from a client whose server is elsewhere: nothing is computed', { timeout: 240_000 }, async () => {
    const { netns, client, host } = await apart(60);
    await client.said('refused');
    const finding = await found(netns, 'REFUSED_BY_SERVER');
    expect(finding?.summary).toContain('1040');
    expect(pasted(finding)).not.toMatch(/pool_size=\d|SetMaxOpenConns\(\d/);
    expect(finding?.fixes.map(({ snippet }) => snippet)).toContain(
      `socklens doctor --replicas N --server-limit ${host}:3306=N`,
    );
    const told = await found(netns, 'REFUSED_BY_SERVER', {
      serverLimits: [`${host}:3306=60`],
      replicas: ['4'],
    });
    // floor(60 x 0.9 / 4)
    expect(pasted(told)).toContain('pool_size=13');
  });

  test('PostgreSQL that takes 20, three of them reserved', { timeout: 240_000 }, async () => {
    const netns = createNetns();
    await startPostgres(netns, { maxConnections: 20, roles: ['app'] });
    const client = await startPython(netns, holding('import psycopg2', POSTGRES(5432), 25));
    await client.said('refused');
    const finding = await found(netns, 'REFUSED_BY_SERVER');
    expect(finding?.summary).toContain('53300');
    expect(evidenceOf(finding, 'max_connections of PostgreSQL')).toBe(20);
    const caps = [...pasted(finding).matchAll(/pool_size=(\d+)/g)].map(([, cap]) => Number(cap));
    expect(caps.length).toBeGreaterThan(0);
    for (const cap of caps) expect(cap).toBeLessThanOrEqual(17);
  });

  test('Redis that takes 20', { timeout: 240_000 }, async () => {
    const netns = createNetns();
    await startRedis(netns, { set: { maxclients: 20 } });
    const client = await startPython(netns, holding(`import socket\n${PING}`, 'ping(6379)', 30));
    await client.said('refused');
    const finding = await found(netns, 'REFUSED_BY_SERVER');
    expect(finding?.summary).toContain('max number of clients');
    expect(evidenceOf(finding, 'observed limit')).toBe(held(netns, 6379));
    expect(finding?.fixes.at(-1)?.snippet).toContain('rejected_connections');
  });

  test("look-alike: 150 clients of a PgBouncer, of PostgreSQL's port too, is no pool that overran", {
    timeout: 240_000,
  }, async () => {
    const netns = createNetns();
    await startPostgres(netns, { port: 5433, roles: ['app'] });
    for (const port of [6432, 5432])
      await startPgbouncer(netns, { server: '127.0.0.1:5433', port, set: { max_client_conn: 400 } });
    for (const port of [6432, 5432]) {
      const client = await startPython(netns, holding('import psycopg2', POSTGRES(port), port === 6432 ? 150 : 99));
      await until('every client', () => held(netns, port) === (port === 6432 ? 150 : 99));
      expect(client.log()).not.toContain('refused');
    }
    const { findings } = await diagnose(`netns:${netns.name}`, { set: ['POOL_OVERRUN.stock=50'] });
    expect(findings.filter(({ rule, severity }) => severity !== 'info' || rule.startsWith('POOL'))).toEqual([]);
  });
});
