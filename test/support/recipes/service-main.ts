/**
 * One healthy program of a service: a web server, its clients, or its health check.
 *
 * Argument: a {@link ServicePlan} as JSON. Prints `ready` when it starts, and runs until it is killed.
 */
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { ServicePlan } from './service.ts';

/** Exits after this time when the test has not killed it. */
const END_MS = 300_000;
setTimeout(() => process.exit(0), END_MS);

/** How long a client waits after a failure. */
const AGAIN_MS = 500;
const ANSWER = Buffer.alloc(2000, 'a');

const plan = JSON.parse(process.argv[2] ?? '{}') as ServicePlan;
if (plan.role === 'web') await serve(plan);
else if (plan.role === 'load') load(plan);
else check(plan);
process.stdout.write('ready\n');

async function serve({ port, backend }: ServicePlan & { role: 'web' }): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: backend?.pool ?? 1 });
  const server = http.createServer((_request, response) => {
    if (backend === undefined) return response.end(ANSWER);
    get({ ...backend, agent }).then(
      () => response.end(ANSWER),
      () => response.writeHead(502).end(),
    );
  });
  process.once('SIGTERM', () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
  server.listen({ port, host: '0.0.0.0' });
  await once(server, 'listening');
}

function load({ hosts, port, workers, thinkMs }: ServicePlan & { role: 'load' }): void {
  const agent = new http.Agent({ keepAlive: true });
  const work = async (index: number): Promise<never> => {
    for (let turn = index; ; turn++) {
      const answered = await get({ host: hosts[turn % hosts.length] ?? '', port, agent }).then(
        () => true,
        () => false,
      );
      await pause(answered ? thinkMs * (0.5 + Math.random()) : AGAIN_MS);
    }
  };
  for (let index = 0; index < workers; index++) void work(index);
}

function check({ host, port, everyMs }: ServicePlan & { role: 'check' }): void {
  setInterval(() => {
    get({ host, port, agent: false }).catch(() => {});
    const socket = net.connect({ host, port }, () => socket.end());
    socket.on('error', () => {});
    // HAProxy answers 400 to a connection without a request: unread, it would keep the closed socket's descriptor.
    socket.resume();
  }, everyMs);
}

/** Sends a request and reads the whole answer. */
function get(options: http.RequestOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.get({ ...options, timeout: 5000 }, (response) => {
      response.resume();
      response.once('end', resolve);
      response.once('error', reject);
    });
    request.once('error', reject);
    request.once('timeout', () => request.destroy(new Error('no answer')));
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
