/** Connections that are opened for each piece of work and kept, and what only looks like it. */
import { afterEach, expect } from 'vitest';
import { diagnose, prove } from '../support/doctor.ts';
import { connectNetns, createNetns, removeAllNetns } from '../support/netns.ts';
import { startMariadb } from '../support/software/mariadb.ts';
import { stopSoftware } from '../support/software/program.ts';
import { startPython } from '../support/software/python-program.ts';

afterEach(async () => {
  await stopSoftware();
  removeAllNetns();
});

const CONNECT = 'pymysql.connect(host="127.0.0.1", user="root")';

/** One connection a second for one query, and never closed. */
const LEAK = `
import pymysql, time
kept = []
print("ready", flush=True)
while True:
    connection = ${CONNECT}
    connection.cursor().execute("select 1")
    kept.append(connection)
    time.sleep(0.8)
`;

/** A pool that fills up to ten connections, half a second apart, and one whose load takes one more each second. */
const HEALTHY = `
import pymysql, threading, time
print("ready", flush=True)
pool = []
def warm():
    while len(pool) < 10:
        pool.append(${CONNECT})
        time.sleep(0.4)
def worker():
    connection = ${CONNECT}
    while True:
        connection.cursor().execute("select 1")
        time.sleep(0.1)
def ramp():
    while True:
        threading.Thread(target=worker, daemon=True).start()
        time.sleep(0.8)
threading.Thread(target=warm, daemon=True).start()
if RAMP:
    ramp()
while True:
    time.sleep(1)
`;

/** A server that keeps the clients that arrive, one every 0.8 s from another namespace, as for websockets. */
const SERVER = `
import socket
listener = socket.create_server(("0.0.0.0", 8080), backlog=128)
print("listening", flush=True)
kept = []
while True:
    kept.append(listener.accept()[0])
`;
const ARRIVING = `
import socket, time
print("ready", flush=True)
kept = []
while True:
    kept.append(socket.create_connection(("10.85.0.1", 8080)))
    time.sleep(0.8)
`;

async function leaks(name: string) {
  return (await diagnose(`netns:${name}`, { rules: ['LEAK_RISING'], for: '10s' })).findings;
}

prove({
  rule: 'LEAK_RISING',
  how: 'namespace: a program that opens a connection to MariaDB for each query and keeps it',
  lookAlike: 'a pool that warms up to its cap, a load that rises, and clients that arrive at a server',
  timeoutMs: 180_000,
  async fault() {
    const netns = createNetns();
    await startMariadb(netns);
    await startPython(netns, LEAK);
    return leaks(netns.name);
  },
  async healthy() {
    const [netns, ramp, server, clients] = [createNetns(), createNetns(), createNetns(), createNetns()];
    await Promise.all([startMariadb(netns), startMariadb(ramp)]);
    connectNetns({ netns: server, addresses: ['10.85.0.1/24'] }, { netns: clients, addresses: ['10.85.0.2/24'] });
    await startPython(server, SERVER);
    await Promise.all([
      startPython(netns, HEALTHY.replace('RAMP', 'False')),
      startPython(ramp, HEALTHY.replace('RAMP', 'True')),
      startPython(clients, ARRIVING),
    ]);
    const found = await leaks(
      [netns, ramp, server]
        .map(({ name }) => `netns:${name}`)
        .join(',')
        .slice('netns:'.length),
    );
    // A fact would be a false alarm too.
    expect(found).toEqual([]);
    return found;
  },
  check: (finding) => {
    expect(finding).toMatchObject({ severity: 'info', about: 'peer localhost:mysql' });
    expect(finding.fixes[0]?.text).toContain('share it');
  },
});
