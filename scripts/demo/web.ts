/**
 * The demo's web service: `web.ts DATABASE LIMIT [REQUESTS [CALM_SECONDS]]`. It queries the database at that address in bursts. Its pool keeps
 * 50 idle connections; LIMIT is the limit of open ones, and `unlimited` the mistake of the demo: each burst then opens
 * as many connections as it has requests. In the first CALM_SECONDS it has a quarter of its requests.
 */
import http from 'node:http';
import { DatabaseConnection } from '../../src/lab/mysql/connection.ts';
import { Pool } from '../../src/lab/pool.ts';

const [database = '', limit, requests = '190', calmSeconds = '0'] = process.argv.slice(2);
/** Requests at once; by default more than the database accepts connections. */
const burstSize = Number(requests);
const BURSTS_MS = 1000;
const CALM_SHARE = 0.25;
const calmUntilMs = performance.now() + Number(calmSeconds) * 1000;

const maxOpen = limit === 'unlimited' ? 0 : Number(limit);
const pool = new Pool(() => DatabaseConnection.open(database, 3306), { maxIdle: 50, maxOpen });

async function query(): Promise<void> {
  const connection = await pool.acquire();
  try {
    await connection.query('SELECT 1');
  } finally {
    pool.release(connection);
  }
}

/** What the database refuses is an error of that request alone. */
function burst(): Promise<unknown> {
  const isCalm = performance.now() < calmUntilMs;
  return Promise.allSettled(Array.from({ length: isCalm ? burstSize * CALM_SHARE : burstSize }, query));
}

await new Promise<void>((resolve) => http.createServer().listen(8080, '0.0.0.0', resolve));
void burst();
setInterval(burst, BURSTS_MS);
console.log('ready');
process.stdin.on('close', () => process.exit(0)).resume();
