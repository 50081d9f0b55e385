/** The demo's database stand-in: takes connections on port 3306 and answers each line. */
import net from 'node:net';

const server = net.createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', () => socket.write('ok\n'));
});
server.listen({ port: 3306, host: '0.0.0.0' }, () => console.log('ready'));
// The demo script holds the other end of stdin: this exits with it.
process.stdin.on('close', () => process.exit(0)).resume();
