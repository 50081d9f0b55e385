/** What containers add. */
import type { Incident } from '../incident.ts';
import { NODE_SERVER } from './haproxy.ts';

const LOOPBACK_SERVER = NODE_SERVER.replace('listen(port,', "listen(port, '127.0.0.1',");

/** Asks every 200 ms; ADDRESS PORT. */
const ASKS = `
import socket, sys, time
print("ready")
while True:
    try: socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5).close()
    except OSError as error: print("error", error)
    time.sleep(0.2)
`;

/** Clients that keep their connections: ADDRESS PORT COUNT. */
const KEEPS = `
import socket, sys, time
held = []
print("ready")
for _ in range(int(sys.argv[3])):
    try: held.append(socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5))
    except OSError as error: print("error", error)
print("open", len(held))
time.sleep(1000)
`;

/** Accepts every client and reads what it sends: PORT. */
const ACCEPTS = `
import asyncio, sys
async def serve(reader, writer):
    while await reader.read(1000): pass
async def main():
    server = await asyncio.start_server(serve, "0.0.0.0", int(sys.argv[1]))
    print("ready")
    await server.serve_forever()
asyncio.run(main())
`;

/** Forty busy connections to the first address, one to each other. */
const PINNED = `
import http.client, sys, threading, time
def run(address):
    connection = http.client.HTTPConnection(address, 3000)
    while True:
        connection.request("GET", "/")
        connection.getresponse().read()
        time.sleep(0.2)
for address in [sys.argv[1]] * 40 + sys.argv[2:]: threading.Thread(target=run, args=(address,), daemon=True).start()
print("ready")
time.sleep(1000)
`;

export const DOCKER: readonly Incident[] = [
  {
    name: 'docker-service-on-loopback',
    report: 'https://github.com/pipelinedb/pipelinedb/pull/1789',
    needsDocker: true,
    story: 'The service in a container listens on 127.0.0.1, and another container is refused.',
    async scene(stage) {
      const network = await stage.engine.createNetwork();
      const api = stage.container('api', { network });
      await stage.node(api, LOOPBACK_SERVER, { args: ['3000', '1', '5000'] });
      const web = stage.container('web', { network });
      const script = await stage.python(web, ASKS, { args: [api.address(), '3000'] });
      await script.printed('refused');
    },
    expected: {
      rules: ['LOOPBACK_LISTENER', 'CONNECT_REFUSED'],
      place: /3000/,
      says: [/0\.0\.0\.0/],
      never: [/nobody listens/i],
      beside: ['CONNECT_REFUSED', 'LOOPBACK_LISTENER', 'CONN_CHURN'],
    },
  },
  {
    name: 'docker-nofile-limit',
    report: 'https://github.com/pgsty/pigsty/issues/683',
    needsDocker: true,
    story: 'A container has a limit of 100 open files; its server cannot accept any more clients.',
    async scene(stage) {
      const network = await stage.engine.createNetwork();
      const api = stage.container('api', { network });
      await stage.python(api, ACCEPTS, { args: ['7000'], nofile: 100 });
      const clients = stage.container('clients', { network });
      await stage.python(clients, KEEPS, { args: [api.address(), '7000', '120'] });
      await stage.reached('a queue', () => stage.queued(api, 7000) >= 20);
    },
    expected: {
      rules: ['NOFILE_ACCEPT_STARVED', 'NOFILE_NEAR_LIMIT', 'LIMIT_MISMATCH'],
      place: /7000|api/,
      says: [/ulimit.*nofile|nofile/i],
      beside: ['NOFILE_NEAR_LIMIT', 'LIMIT_MISMATCH', 'LISTEN_OVERFLOW', 'ACCEPT_STUCK', 'CONNECTION_CAP'],
    },
  },
  {
    name: 'docker-replicas-one-busy',
    report: 'https://github.com/data-privacy-stack/presidio/issues/304',
    needsDocker: true,
    story: 'A client with long-lived connections was there before two replicas were added: one serves everything.',
    async scene(stage) {
      const network = await stage.engine.createNetwork();
      const labels = (number: number) => ({
        'com.docker.compose.project': 'shop',
        'com.docker.compose.service': 'api',
        'com.docker.compose.container-number': `${number}`,
      });
      const replicas = [1, 2, 3].map((number) => stage.container(`api-${number}`, { network, labels: labels(number) }));
      for (const replica of replicas) await stage.node(replica, NODE_SERVER, { args: ['3000', '5', '600000'] });
      const web = stage.container('web', { network });
      const [first] = replicas.map((replica) => replica.address());
      const others = replicas.slice(1).map((replica) => replica.address());
      await stage.python(web, PINNED, { args: [first ?? '', ...others] });
    },
    expected: {
      rules: ['BACKEND_IMBALANCE'],
      place: /3000/,
      says: [/long-lived|reconnect|balanc|age/i],
      beside: ['POOL_IDLE_SURPLUS'],
    },
  },
];
