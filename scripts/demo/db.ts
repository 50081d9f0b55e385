/**
 * The demo's database: a stand-in for MySQL with its default limit of 151 connections, which answers further ones
 * with error 1040. Its argument is how long a query takes, in milliseconds.
 */
import { DatabaseServer } from '../../src/lab/database-server.ts';

const server = new DatabaseServer({ maxConnections: 151, workers: 10_000, queryMs: Number(process.argv[2] ?? 200) });
await server.listen(3306, '0.0.0.0');
console.log('ready');
// The demo script holds the other end of stdin: this exits with it.
process.stdin.on('close', () => process.exit(0)).resume();
