/** Which process is the Engine behind an endpoint: real sockets, and a shell under the name `dockerd`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { engineProcess } from '../../src/collect/containers/engine-process.ts';
import { localMachine } from '../../src/collect/local-machine.ts';
import { until } from '../support/netns.ts';

const machine = localMachine({});
const started: ChildProcess[] = [];
const servers: net.Server[] = [];
let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'engine-process-'));
  fs.symlinkSync('/bin/sh', `${folder}/dockerd`);
});

afterEach(async () => {
  for (const child of started.splice(0)) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  for (const server of servers.splice(0)) server.close();
  fs.rmSync(folder, { recursive: true });
});

/** Starts a process with the command name `dockerd`. @param held descriptors that it inherits */
async function startEngine(args: readonly string[] = [], held: readonly number[] = []): Promise<number> {
  // A shell that only reads stays the process that it is.
  const child = spawn(`${folder}/dockerd`, ['-c', 'read line', ...args], {
    stdio: ['pipe', 'ignore', 'ignore', ...held],
  });
  started.push(child);
  const pid = child.pid ?? 0;
  await until('the command name', () => fs.readFileSync(`/proc/${pid}/comm`, 'latin1') === 'dockerd\n');
  return pid;
}

async function listen(where: net.ListenOptions): Promise<net.Server> {
  const server = net.createServer();
  servers.push(server);
  server.listen(where);
  await once(server, 'listening');
  return server;
}

function descriptorOf(server: net.Server): number {
  return (server as unknown as { _handle: { fd: number } })._handle.fd;
}

test('UNIX: a listener that is no Engine has none behind it', async () => {
  const socket = `${folder}/docker.sock`;
  await listen({ path: socket });
  await startEngine();
  expect(engineProcess(machine, `unix://${socket}`)).toBeUndefined();
});

test('UNIX: socket activation leads to the child that was told so', async () => {
  const socket = `${folder}/docker.sock`;
  await listen({ path: socket });
  await startEngine();
  const pid = await startEngine(['-H', 'fd://']);
  expect(engineProcess(machine, `unix://${socket}`)).toBe(pid);
});

test('UNIX: two children could be it, so that none is named', async () => {
  const socket = `${folder}/docker.sock`;
  await listen({ path: socket });
  await startEngine(['-H', 'fd://']);
  await startEngine(['--host=fd://']);
  expect(engineProcess(machine, `unix://${socket}`)).toBeUndefined();
});

test('TCP: the Engine that holds the listening socket of that port', async () => {
  const [one, two] = [await listen({ port: 0, host: '127.0.0.1' }), await listen({ port: 0, host: '127.0.0.1' })];
  const portOf = (server: net.Server) => (server.address() as net.AddressInfo).port;
  const pid = await startEngine([], [descriptorOf(one)]);
  expect(engineProcess(machine, `tcp://127.0.0.1:${portOf(one)}`)).toBe(pid);
  expect(engineProcess(machine, `tcp://127.0.0.1:${portOf(two)}`)).toBeUndefined();
});

test.each(['unix:///nowhere/docker.sock', 'tcp://127.0.0.1:1', 'tcp://127.0.0.1', 'ssh://user@elsewhere', 'text'])(
  '%s: nothing is known',
  (endpoint) => {
    expect(engineProcess(machine, endpoint)).toBeUndefined();
  },
);
