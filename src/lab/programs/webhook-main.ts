/** An instance of the lab's webhook receiver: runs a query for each request, on a connection of its pool. */
import http from 'node:http';
import { LAB_PORT, type WebhookSettings } from '../../model/report/lab-settings.ts';
import { DatabaseConnection, DatabaseError } from '../mysql/connection.ts';
import { Pool } from '../pool.ts';
import { beProgram, report } from '../program.ts';

const settings = beProgram<WebhookSettings>();
const pool = new Pool(() => DatabaseConnection.open(settings.database, LAB_PORT.DATABASE), settings);
const counts = { requests: 0, failed: 0, tooManyConnections: 0 };

const server = http.createServer((request, response) => {
  request.resume();
  // New clients send this request first; it needs no query.
  request.on('end', () => (request.url === '/hello' ? send(response, 200, 'hello\n') : void answer(response)));
});
// Senders keep their connections open without a time limit.
server.keepAliveTimeout = 0;
server.requestTimeout = 0;
server.headersTimeout = 0;

async function answer(response: http.ServerResponse): Promise<void> {
  counts.requests++;
  try {
    const connection = await pool.acquire();
    try {
      await connection.query('SELECT 1');
    } finally {
      pool.release(connection);
    }
    send(response, 200, 'ok\n');
  } catch (error) {
    const code = error instanceof DatabaseError ? error.code : 'unknown';
    counts.failed++;
    if (code === 1040) counts.tooManyConnections++;
    send(response, 500, `Error ${code}: ${(error as Error).message}\n`);
  }
}

function send(response: http.ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'Content-Length': Buffer.byteLength(body) }).end(body);
}

setInterval(() => report({ type: 'webhook', ...counts, pool: pool.counts }), 1000);
server.listen({ port: LAB_PORT.WEBHOOK, host: '0.0.0.0', backlog: 4096 }, () => report({ type: 'ready' }));
