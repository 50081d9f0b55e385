/**
 * Makes TCP connection attempts or sends UDP queries at a steady rate, each on its own socket, until stdin ends.
 * Arguments: `tcp` or `udp`, host, port, attempts a second, optionally a duration in milliseconds.
 */
import dgram from 'node:dgram';
import net from 'node:net';
import readline from 'node:readline';

const [proto, host = '127.0.0.1', portText, rateText, forText] = process.argv.slice(2);
const port = Number(portText);
const rate = Number(rateText);
const forMs = forText === undefined ? Number.POSITIVE_INFINITY : Number(forText);
const STEP_MS = 20;

function attempt(): void {
  if (proto === 'tcp') {
    const socket = net.connect({ host, port });
    socket.on('error', () => {});
    socket.on('connect', () => socket.end());
    return;
  }
  const socket = dgram.createSocket('udp4');
  socket.on('error', () => {});
  socket.connect(port, host, () => {
    socket.send('query', () => socket.close());
  });
}

readline.createInterface({ input: process.stdin }).once('close', () => process.exit(0));
process.stdout.write('ready\n');
const begin = performance.now();
let made = 0;
const timer = setInterval(() => {
  const elapsed = performance.now() - begin;
  if (elapsed > forMs) clearInterval(timer);
  for (const wanted = Math.floor((elapsed * rate) / 1000); made < wanted; made++) attempt();
}, STEP_MS);
