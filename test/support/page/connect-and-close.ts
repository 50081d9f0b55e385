/**
 * A program for Node, as text: connects so many times to a server of its own on port 7001 and closes first, and then to
 * port 7999, where nobody listens. Arguments: how often each.
 */
export const CONNECT_AND_CLOSE = `
const net = require('node:net');
const [good, refused] = process.argv.slice(1).map(Number);
const connect = (port) => new Promise((resolve) => {
  const socket = net.connect(port, '127.0.0.1', () => socket.end());
  socket.on('error', resolve).on('close', resolve).resume();
});
const server = net.createServer((socket) => socket.resume().on('error', () => {})).listen(7001, '127.0.0.1', async () => {
  for (let index = 0; index < good; index++) await connect(7001);
  for (let index = 0; index < refused; index++) await connect(7999);
  server.close();
});`;
