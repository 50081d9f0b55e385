/**
 * A process whose main thread has ended while another runs, as after pthread_exit(3) in main: it holds a UDP socket on
 * the port of its argument. It ends by itself after a minute.
 */
import { createSocket } from 'node:dgram';
import fs from 'node:fs';
import { Worker } from 'node:worker_threads';
import koffi from 'koffi';

/** Number of exit(2), which ends the calling thread alone: include/uapi/asm-generic/unistd.h, and x86's own table. */
const EXIT = process.arch === 'x64' ? 60 : 93;

const endThread = koffi.load(null).func('long syscall(long, int)');
const WAITING = `
  const { parentPort } = require('node:worker_threads');
  parentPort.postMessage('running');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  process.kill(process.pid, 'SIGKILL');
`;

createSocket('udp4').bind(Number(process.argv[2]), '127.0.0.1', () => {
  new Worker(WAITING, { eval: true }).once('message', () => {
    fs.writeSync(1, 'ready\n');
    endThread(EXIT, 0);
  });
});
