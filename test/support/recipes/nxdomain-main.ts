/**
 * A name server that knows no name: it answers each query at once with NXDOMAIN (RFC 1035, 4.1.1). Argument: the address
 * to listen at, port 53. Prints `ready`, and ends with its stdin.
 */
import dgram from 'node:dgram';
import readline from 'node:readline';

const [address = '127.0.0.1'] = process.argv.slice(2);
/** QR and RD; RA and the code 3. */
const NXDOMAIN = [0x81, 0x83];
const HEADER_BYTES = 12;

const server = dgram.createSocket('udp4');
server.on('message', (query, { port, address: from }) => {
  if (query.length < HEADER_BYTES) return;
  const answer = Buffer.from(query);
  answer.set(NXDOMAIN, 2);
  // No answers, authorities or additional records: what follows the question is left out by its counts.
  answer.fill(0, 6, HEADER_BYTES);
  server.send(answer, port, from);
});
readline.createInterface({ input: process.stdin }).once('close', () => process.exit(0));
server.bind(53, address, () => process.stdout.write('ready\n'));
