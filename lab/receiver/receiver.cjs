// The webhook receiver of the founding incident: a query for each request, on a pool of mysql2. The
// pool has a cap on the idle connections where one on the open ones was meant; POOL_LIMIT mends that.
'use strict';
const http = require('node:http');
const mysql = require('mysql2');

const { DB_HOST = 'db', POOL_MAX_IDLE = '50', POOL_LIMIT = '10000', QUERY_MS = '50' } = process.env;

const pool = mysql.createPool({
  host: DB_HOST,
  user: 'root',
  maxIdle: Number(POOL_MAX_IDLE),
  connectionLimit: Number(POOL_LIMIT),
});
const query = `SELECT SLEEP(${Number(QUERY_MS) / 1000})`;

const server = http.createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    // Clients that have just come ask whether somebody is there.
    if (request.url === '/hello') {
      send(response, 200, 'hello\n');
      return;
    }
    pool.query(query, (error) => {
      if (error) send(response, 500, `Error ${error.errno > 0 ? error.errno : error.code}: ${error.message}\n`);
      else send(response, 200, 'ok\n');
    });
  });
});

function send(response, status, body) {
  response.writeHead(status, { 'Content-Length': Buffer.byteLength(body) }).end(body);
}

// Senders keep their connections for as long as they like.
server.keepAliveTimeout = 0;
server.requestTimeout = 0;
server.headersTimeout = 0;
server.listen({ port: 8080, backlog: 4096 });
process.on('SIGTERM', () => process.exit(0));
