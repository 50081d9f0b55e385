/** The database stand-in, asked by programs that were written for the real one. */
import { execFile, execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import net from 'node:net';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseServer } from '../../src/lab/database-server.ts';
import { DatabaseConnection } from '../../src/lab/mysql/connection.ts';
import { until } from '../support/netns.ts';

/** The parts of the driver that are used here. */
interface Driver {
  createConnection(options: object): Promise<{
    query(sql: string): Promise<[unknown]>;
    ping(): Promise<void>;
    end(): Promise<void>;
  }>;
}

const driver = createRequire(import.meta.url)('mysql2/promise') as Driver;
const client = ['mariadb', 'mysql'].find((program) => {
  try {
    return execFileSync(program, ['--version']);
  } catch {
    return undefined;
  }
});

let server: DatabaseServer;
let port: number;
const host = '127.0.0.1';

beforeEach(async () => {
  server = new DatabaseServer({ maxConnections: 5, workers: 2, queryMs: 1 });
  port = await server.listen(0, host);
});
afterEach(() => server.close());

describe('lab database: mysql2', () => {
  const connect = () => driver.createConnection({ host, port, user: 'app', password: 'secret', database: 'shop' });

  it('connects, queries, pings and disconnects', async () => {
    const connection = await connect();
    expect((await connection.query('SELECT 1'))[0]).toEqual([{ 1: 1 }]);
    await connection.ping();
    await connection.end();
    await until('the connection to be counted out', () => server.counts.connected === 0);
    expect(server.counts).toMatchObject({ accepted: 1, queries: 1, refused: 0 });
  });

  it('is refused one connection too many, and connects after another one is closed', async () => {
    const connections = await Promise.all(Array.from({ length: 5 }, connect));
    await expect(connect()).rejects.toMatchObject({
      errno: 1040,
      code: 'ER_CON_COUNT_ERROR',
      message: 'Too many connections',
    });
    expect(server.counts).toMatchObject({ connected: 5, mostConnected: 5, refused: 1 });
    await connections[0]?.end();
    await until('room', () => server.counts.connected === 4);
    connections[0] = await connect();
    await Promise.all(connections.map((connection) => connection.end()));
  });

  it('gets an error for a command that the database does not know', async () => {
    const connection = (await connect()) as unknown as { execute(sql: string): Promise<unknown>; end(): Promise<void> };
    await expect(connection.execute('SELECT 1')).rejects.toMatchObject({ errno: 1047, sqlState: '08S01' });
    await connection.end();
  });
});

describe.skipIf(client === undefined && !process.env.CI)('lab database: the MariaDB client', () => {
  const ask = () => {
    const options = ['--no-defaults', `--host=${host}`, `--port=${port}`, '--user=app', '--skip-ssl'];
    return promisify(execFile)(client ?? 'mariadb', [...options, '--batch', '--skip-column-names', '-e', 'SELECT 1']);
  };

  it('gets the answer to a query', async () => {
    expect((await ask()).stdout).toBe('1\n');
  });

  it('shows the refusal as error 1040', async () => {
    const connections = await Promise.all(Array.from({ length: 5 }, () => DatabaseConnection.open(host, port)));
    await expect(ask()).rejects.toMatchObject({ stderr: expect.stringMatching(/^ERROR 1040 .*Too many connections/) });
    for (const connection of connections) connection.close();
  });
});

describe('lab database: the protocol', () => {
  it('refuses with an error packet instead of the greeting, and closes', async () => {
    const connections = await Promise.all(Array.from({ length: 5 }, () => DatabaseConnection.open(host, port)));
    const received = await new Promise<Buffer>((resolve, reject) => {
      const pieces: Buffer[] = [];
      const socket = net.connect({ host, port });
      socket.on('data', (piece) => pieces.push(piece));
      socket.on('error', reject);
      socket.on('end', () => resolve(Buffer.concat(pieces)));
    });
    expect(received.toString('latin1')).toBe('\x17\0\0\0\xff\x10\x04Too many connections');
    for (const connection of connections) connection.close();
  });

  it('runs as many queries at a time as it has workers; the others wait', async () => {
    const connections = await Promise.all(Array.from({ length: 4 }, () => DatabaseConnection.open(host, port)));
    server.behaviour.queryMs = 100;
    const start = performance.now();
    await Promise.all(connections.map((connection) => connection.query('SELECT 1')));
    // Two workers, four queries of 100 ms: two rounds. How much longer the machine takes is its affair.
    expect(performance.now() - start).toBeGreaterThanOrEqual(195);
    for (const connection of connections) connection.close();
  });
});
