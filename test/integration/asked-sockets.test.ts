/** TCP sockets that are asked for one by one, as the doctor does where a host has many namespaces. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dumpSockets } from '../../src/collect/dump/dump-sockets.ts';
import { localMachine } from '../../src/collect/local-machine.ts';
import { handleOfNamed } from '../../src/collect/target/find-netns.ts';
import { identityOf, type SocketIdentity } from '../../src/model/socket/socket-identity.ts';
import { everySocket } from '../../src/model/socket/socket-query.ts';
import type { SocketSource } from '../../src/model/socket/socket-view.ts';
import { diagnose } from '../support/doctor.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';
import { PythonProcess } from '../support/python-process.ts';

const NAMESPACES = 60;
const LEAKING = 17;
const STUCK = 42;
const LEAKED = 12;
/** Both ends of a connection. */
const PAIR = 2;
const HEALTHY_PAIRS = 3;

const namespaces: TestNetns[] = [];
let python: PythonProcess;

/** Three connections and a listener in a namespace; `more` statements go on with them. */
const inside = (netns: TestNetns, pairs: number, more = '') => `
fd = os.open(${JSON.stringify(netns.path)}, os.O_RDONLY)
assert libc.setns(fd, 0x40000000) == 0
os.close(fd)
l = listener()
made = []
for _ in range(${pairs}):
    c = socket.create_connection(l.getsockname())
    s, _ = l.accept()
    made.append((c, s))
${more}
held.append((l, made))
`;

beforeAll(async () => {
  for (let index = 0; index < NAMESPACES; index++) namespaces.push(createNetns());
  // A namespace has counters as long as a process is in it.
  for (const netns of namespaces) netns.spawn('sleep', ['infinity'], { stdio: 'ignore' });
  python = new PythonProcess();
  await python.run('import ctypes\nlibc = ctypes.CDLL(None)\nheld = []');
  for (const [index, netns] of namespaces.entries()) {
    if (index === LEAKING) {
      await python.run(inside(netns, LEAKED, 'for c, _ in made: c.shutdown(socket.SHUT_WR)'));
    } else if (index === STUCK) {
      const fill = 'c.setblocking(False)\ntry:\n    while True: c.send(bytes(65536))\nexcept BlockingIOError: pass';
      await python.run(inside(netns, 1, fill));
    } else await python.run(inside(netns, HEALTHY_PAIRS));
  }
});
afterAll(async () => {
  await python.kill();
  for (const netns of namespaces) netns.remove();
});

function identitiesOf(sockets: SocketSource): SocketIdentity[] {
  const found: SocketIdentity[] = [];
  sockets.each((socket) => {
    const identity = identityOf(socket);
    if (identity !== undefined) found.push(identity);
  });
  return found;
}

const byInode = (sockets: SocketSource) => {
  const found = new Map<number, unknown>();
  sockets.each((socket) => {
    const { state, localPort, peerPort, receiveQueue, sendQueue, uid, cookieLow } = socket;
    const info = socket.tcpInfoNumber('bytesReceived');
    found.set(socket.inode, { state, localPort, peerPort, receiveQueue, sendQueue, uid, cookieLow, info });
  });
  return found;
};

it.each([0, LEAKING, STUCK])('asks for what a dump has: namespace %i', (index) => {
  const machine = localMachine({});
  const handle = handleOfNamed(machine, namespaces[index]?.name ?? '');
  const query = { ...everySocket(), protos: ['tcp'] as const, tcpInfo: true };
  const dumped = dumpSockets(machine, handle, query).sockets;
  const known = identitiesOf(dumped);
  const pairs = index === LEAKING ? LEAKED : index === STUCK ? 1 : HEALTHY_PAIRS;
  expect(known).toHaveLength(PAIR * pairs + 1);
  const asked = dumpSockets(machine, handle, query, known);
  expect(byInode(asked.sockets)).toEqual(byInode(dumped));
  // Each in the order of the requests: a dump has the order of the kernel's table.
  const backwards = dumpSockets(machine, handle, query, known.toReversed());
  expect(identitiesOf(backwards.sockets)).toEqual(known.toReversed());
});

it('dumps where one that is asked for is not there', () => {
  const machine = localMachine({});
  const handle = handleOfNamed(machine, namespaces[0]?.name ?? '');
  const query = { ...everySocket(), protos: ['tcp'] as const, tcpInfo: true };
  const dumped = dumpSockets(machine, handle, query);
  const [first, ...others] = identitiesOf(dumped.sockets);
  if (first === undefined) throw new Error('no socket');
  const gone = { ...first, cookieLow: first.cookieLow + 1 };
  const answer = dumpSockets(machine, handle, query, [...others, gone]);
  expect(answer.coverage).toEqual({ complete: true, notes: [] });
  expect(byInode(answer.sockets)).toEqual(byInode(dumped.sockets));
});

it('the doctor finds the two faults among sixty namespaces, and nothing else', { timeout: 240_000 }, async () => {
  const target = namespaces.map(({ name }) => `netns:${name}`).join(',');
  const { findings } = await diagnose(target, {
    for: '8s',
    set: [
      'CLOSE_WAIT_LEAK.minAgeMs=1s',
      'SEND_QUEUE_STUCK.windowMs=3s',
      'ZERO_WINDOW_STUCK.warningMs=1s',
      'ACCEPT_STUCK.windowMs=4s',
    ],
  });
  // What is wrong with the whole machine is of other tests.
  const loud = findings.filter(({ severity, scope }) => severity !== 'info' && scope.kind !== 'host');
  const of = (index: number) => `netns:${namespaces[index]?.name}`;
  const rulesAt = (name: string) => loud.filter(({ scope }) => scope.target === name).map(({ rule }) => rule);
  expect(rulesAt(of(LEAKING))).toContain('CLOSE_WAIT_LEAK');
  // Its requests are not read: the others would be symptoms of that.
  expect(rulesAt(of(STUCK))).toContain('ACCEPT_STUCK');
  expect(loud.filter(({ scope }) => ![of(LEAKING), of(STUCK)].includes(scope.target ?? ''))).toEqual([]);
});
