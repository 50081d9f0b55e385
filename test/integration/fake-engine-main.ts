/** The process behind `startFakeEngine`: arguments are a socket's path and a file of answers. */
import fs from 'node:fs';
import net from 'node:net';
import type { FakeAnswer, FakeAnswers } from './fake-engine.ts';

const [socketPath = '', answersFile = ''] = process.argv.slice(2);
const answers = JSON.parse(fs.readFileSync(answersFile, 'utf8')) as FakeAnswers;

const server = net.createServer((socket) => {
  let request = '';
  // Its asker goes away whenever it likes.
  socket.on('error', () => {});
  socket.on('data', (piece) => {
    request += piece.toString('latin1');
    if (!request.endsWith('\r\n\r\n')) return;
    const path = request.split(' ')[1] ?? '';
    process.stdout.write(`${path}\n`);
    const answer = answers[path] ?? answers['*'];
    if (answer === undefined) socket.destroy();
    else writePieces(socket, answer, 0);
  });
});

function writePieces(socket: net.Socket, answer: FakeAnswer, index: number): void {
  const piece = answer.pieces[index];
  if (piece === undefined) finish(socket, answer.afterwards);
  // One write per piece: a fast reader receives them separately.
  else socket.write(Buffer.from(piece, 'latin1'), () => setImmediate(() => writePieces(socket, answer, index + 1)));
}

function finish(socket: net.Socket, how: FakeAnswer['afterwards']): void {
  if (how === 'close') socket.end();
  else if (how === 'reset') socket.destroy();
  else if (how === 'drip') {
    const timer = setInterval(() => socket.write('x'), 20);
    socket.on('close', () => clearInterval(timer));
  }
}

server.listen(socketPath, () => process.stdout.write('ready\n'));
