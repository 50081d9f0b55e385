/**
 * Holds descriptors of many kinds until it is killed, and prints how many of each it opened:
 * `{"eventpoll": 1, …}`. Node's own descriptors are not counted.
 */
import fs from 'node:fs';
import koffi from 'koffi';

const libc = koffi.load(null);
const call = (declaration: string, ...args: unknown[]): number => {
  const fd = (libc.func(declaration) as (...args: unknown[]) => number)(...args);
  if (fd < 0) throw new Error(`${declaration}: errno ${koffi.errno()}`);
  return fd;
};
const CLOCK_MONOTONIC = 1;
const mask = new Uint8Array(128);

const folder = process.argv[2] ?? '/tmp';
call('int eventfd(unsigned int, int)', 0, 0);
call('int eventfd(unsigned int, int)', 0, 0);
call('int timerfd_create(int, int)', CLOCK_MONOTONIC, 0);
call('int signalfd(int, const uint8_t *, int)', -1, mask, 0);
call('int inotify_init1(int)', 0);
call('int memfd_create(const char *, unsigned int)', 'buffer', 0);
for (let count = 0; count < 3; count++) fs.openSync(`${folder}/kept-${count}`, 'w');
for (let count = 0; count < 4; count++) {
  fs.openSync(`${folder}/gone-${count}`, 'w');
  fs.unlinkSync(`${folder}/gone-${count}`);
}
const opened = { eventfd: 2, timerfd: 1, signalfd: 1, inotify: 1, memory: 1, file: 3, deleted: 4 };
process.stdout.write(`${JSON.stringify(opened)}\n`);
setInterval(() => {}, 1_000_000);
