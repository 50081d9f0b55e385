/**
 * A database that greets and answers slowly, and a pool that uses it: what Go's database/sql does with
 * SetMaxOpenConns and SetMaxIdleConns, driven by workers in phases.
 *
 * Argument: a {@link PoolPlan} as JSON. Prints `ready` when the database listens, starts at the first line on
 * stdin, prints `phase N` at the start of each, and stays in the last one until stdin ends.
 */
import { once } from 'node:events';
import net from 'node:net';
import readline from 'node:readline';
import type { PoolPlan } from './pool.ts';

const plan = JSON.parse(process.argv[2] ?? '{}') as PoolPlan;
const { host = '127.0.0.1', port, maxOpen = Number.POSITIVE_INFINITY, maxIdle = 2, serverLimit } = plan;

/** Packets of MySQL's protocol: length and number of the packet, then 0xff for an error or the protocol version. */
const REFUSAL = packet(Buffer.from('\xff\x10\x04Too many connections', 'latin1'));
const GREETING = packet(Buffer.concat([Buffer.from([10]), Buffer.alloc(73, 'x')]));
const LOGIN = packet(Buffer.alloc(120, 'l'));
const QUERY = packet(Buffer.alloc(20, 'q'));
const RESULT = packet(Buffer.alloc(200, 'r'));

function packet(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([payload.length, 0, 0, 0]), payload]);
}

let taken = 0;
const server = net.createServer((socket) => {
  socket.on('error', () => {});
  if (serverLimit !== undefined && taken >= serverLimit) {
    socket.end(REFUSAL);
    return;
  }
  taken++;
  socket.once('close', () => taken--);
  socket.setNoDelay(true);
  socket.write(GREETING);
  // Slow enough that connections are held, as by a query.
  socket.on('data', (data) => setTimeout(() => socket.write(RESULT), data.length > QUERY.length ? 0 : plan.holdMs));
});
if (plan.serve !== false) {
  server.listen({ host, port, backlog: 1024 });
  await once(server, 'listening');
}

const idle: net.Socket[] = [];
const expiry = new Map<net.Socket, NodeJS.Timeout>();
const waiting: (() => void)[] = [];
let open = 0;

/** Takes the most recently used connection, like pools that shrink. */
function fromIdle(): net.Socket | undefined {
  const socket = idle.pop();
  if (socket !== undefined) clearTimeout(expiry.get(socket));
  return socket;
}

async function take(): Promise<net.Socket | undefined> {
  const known = fromIdle();
  if (known !== undefined) return known;
  while (open >= maxOpen) {
    await new Promise<void>((resolve) => waiting.push(resolve));
    const given = fromIdle();
    if (given !== undefined) return given;
  }
  open++;
  const socket = net.connect({ host, port });
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.once('close', () => {
    open--;
    waiting.shift()?.();
  });
  try {
    const first = await answer(socket);
    if (first[4] === 0xff) throw new Error('refused');
    socket.write(LOGIN);
    await answer(socket);
    return socket;
  } catch {
    socket.destroy();
    return undefined;
  }
}

function giveBack(socket: net.Socket): void {
  if (idle.length < maxIdle) {
    idle.push(socket);
    waiting.shift()?.();
    return;
  }
  // With an idle time the surplus is closed after that time, like in pools that shrink.
  if (plan.idleMs === undefined) {
    socket.end();
    return;
  }
  idle.push(socket);
  const timer = setTimeout(() => {
    const index = idle.indexOf(socket);
    if (index < 0 || idle.length <= maxIdle) return;
    idle.splice(index, 1);
    socket.end();
  }, plan.idleMs);
  expiry.set(socket, timer);
}

/** Waits for data from the database. @throws when the database closes the connection */
function answer(socket: net.Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const settle = (outcome: () => void) => {
      socket.off('data', data);
      for (const event of ['end', 'error', 'close']) socket.off(event, over);
      outcome();
    };
    const data = (piece: Buffer) => settle(() => resolve(piece));
    const over = () => settle(() => reject(new Error('closed')));
    socket.on('data', data);
    for (const event of ['end', 'error', 'close']) socket.on(event, over);
  });
}

let workers = 0;

async function work(index: number, thinkMs: number): Promise<void> {
  while (index < workers) {
    const socket = await take();
    if (socket !== undefined) {
      socket.write(QUERY);
      await answer(socket).catch(() => {});
      giveBack(socket);
    }
    await new Promise((resolve) => setTimeout(resolve, thinkMs * (0.5 + Math.random())));
  }
}

const lines = readline.createInterface({ input: process.stdin });
process.stdout.write(`ready ${process.pid}\n`);
await once(lines, 'line');
lines.once('close', () => process.exit(0));
for (const [number, phase] of plan.phases.entries()) {
  process.stdout.write(`phase ${number}\n`);
  const before = workers;
  workers = phase.workers;
  for (let index = before; index < workers; index++) void work(index, phase.thinkMs);
  await new Promise((resolve) => setTimeout(resolve, phase.ms));
}
process.stdout.write('done\n');
