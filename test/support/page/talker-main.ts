/**
 * One end of connections between namespaces. Each line of stdin is an order; it prints `done` when that is so, and exits at
 * the end of stdin.
 *
 * * `{"listen": 3306}`: takes connections at that port
 * * `{"to": "10.0.0.3", "port": 3306, "open": 5}`: has so many connections there
 * * `{"shut": 2}`: closes so many of those that it took; the clients do not
 * * `{"try": 3, "to": "10.0.0.3", "port": 9}`: tries so often to connect, and is refused
 */
import net from 'node:net';
import readline from 'node:readline';

interface Order {
  listen?: number;
  to?: string;
  port?: number;
  open?: number;
  shut?: number;
  try?: number;
}

const taken: net.Socket[] = [];
const open = new Map<string, net.Socket[]>();

async function obey({ listen, to = '', port = 0, open: wanted, shut = 0, try: times = 0 }: Order): Promise<void> {
  if (listen !== undefined) {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      taken.push(socket);
    });
    await new Promise<void>((resolve) => server.listen(listen, '0.0.0.0', resolve));
  }
  if (wanted !== undefined) {
    const own = open.get(`${to}:${port}`) ?? [];
    open.set(`${to}:${port}`, own);
    while (own.length < wanted) own.push(await connect(to, port));
    // A reset, so that no TIME_WAIT stays behind.
    while (own.length > wanted) own.pop()?.resetAndDestroy();
  }
  for (const socket of taken.splice(0, shut)) await new Promise<void>((resolve) => socket.end(resolve));
  for (let time = 0; time < times; time++) await connect(to, port).catch(() => undefined);
}

function connect(host: string, port: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    // Nobody reads, so that nobody learns that the server has closed.
    const socket = net.connect({ port, host, allowHalfOpen: true }, () => resolve(socket));
    socket.once('error', reject);
    socket.pause();
  });
}

const lines = readline.createInterface({ input: process.stdin });
for await (const line of lines) {
  await obey(JSON.parse(line));
  process.stdout.write('done\n');
}
process.exit(0);
