/**
 * The process that holds a recipe's sockets. It reads one JSON object a line, `{op, args}`, makes the
 * call, and answers with one line, `{result}` or `{error, code}`. It exits at the end of stdin, so it does
 * not outlive its test.
 */
import fs from 'node:fs';
import readline from 'node:readline';
import * as libc from './libc.ts';
import { portOf } from './sockaddr.ts';

const bytes = (hex: unknown) => Uint8Array.from(Buffer.from(String(hex), 'hex'));
const number = (value: unknown) => Number(value);

const operations: Record<string, (...args: unknown[]) => unknown> = {
  socket: (family, type, protocol, blocking) =>
    libc.socket(number(family), number(type), number(protocol), blocking === true),
  bind: (fd, address) => libc.bind(number(fd), bytes(address)),
  listen: (fd, backlog) => libc.listen(number(fd), number(backlog)),
  connect: (fd, address, wait) => libc.connect(number(fd), bytes(address), wait !== false),
  accept: (fd) => libc.accept(number(fd)),
  shutdown: (fd, how) => libc.shutdown(number(fd), number(how)),
  close: (fd) => libc.close(number(fd)),
  send: (fd, length) => libc.send(number(fd), new Uint8Array(number(length)).fill(0x78)),
  recv: (fd, room) => libc.recv(number(fd), number(room)).length,
  setsockopt: (fd, level, name, ...values) =>
    libc.setsockopt(number(fd), number(level), number(name), ...values.map(number)),
  port: (fd) => portOf(libc.getsockname(number(fd))),
  inode: (fd) => fs.fstatSync(number(fd)).ino,
  setuid: (uid) => process.setuid?.(number(uid)),
  chdir: (directory) => process.chdir(String(directory)),
};

const answer = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

answer({ result: process.pid });
for await (const line of readline.createInterface({ input: process.stdin })) {
  const { op, args } = JSON.parse(line) as { op: string; args: unknown[] };
  try {
    const operation = operations[op];
    if (operation === undefined) throw new Error(`no operation ${op}`);
    answer({ result: operation(...args) ?? null });
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    answer({ error: message, code });
  }
}
process.exit(0);
