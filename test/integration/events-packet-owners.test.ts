/**
 * Whose the packet events of `socklens events` are: a connection that no dump has seen, and the process that does not
 * read its datagrams, by the PIDs of the test's own processes and by the drops that the kernel counts for each socket.
 */
import readline from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventsRun } from '../support/events-run.ts';
import { kernelIsSince } from '../support/kernel-version.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';
import { Workshop } from '../support/recipes/workshop.ts';

let netns: TestNetns;
let workshop: Workshop;
let run: EventsRun;

beforeAll(async () => {
  netns = createNetns();
  workshop = await Workshop.start(netns);
  run = await EventsRun.startWithPrograms(netns, '--ndjson', '-n', '--resets', '--drops', '--closed');
  await run.barrier(workshop);
});
afterAll(async () => {
  await run?.stop();
  await workshop?.stop();
  netns?.remove();
});

interface Packet {
  type: string;
  event: string;
  local: { port: number };
  peer: { port: number };
  role?: string;
  reason?: string;
  processes?: { pid: number; name: string }[];
}

/** The packet events since the first `from` objects, when everything before is read. */
async function packetsSince(from: number): Promise<Packet[]> {
  await run.barrierOfPackets(workshop);
  return (run.objects as unknown as Packet[]).slice(from).filter(({ type }) => type === 'packet');
}

/**
 * What a check finds while every event was seen: where a program interrupts itself the kernel leaves it out, which a gap
 * tells. And while the events of connections were read in time: a record that another processor has not finished keeps
 * those after it, the opening of a connection among them, from being read before its packets.
 */
async function withoutGap<T extends { packets: readonly Packet[] }>(check: () => Promise<T>): Promise<T> {
  const gaps = () => run.objects.filter(({ type }) => type === 'gap').length;
  for (let tries = 1; ; tries++) {
    const before = gaps();
    const found = await check();
    const isRead = found.packets.filter(isReceived).every(({ processes }) => processes !== undefined);
    if ((gaps() === before && isRead) || tries === 10) return found;
  }
}

const isReceived = ({ event }: Packet) => event === 'reset-received';

describe('events: whose a reset is', () => {
  it.each([
    ['IPv4', 'AF_INET', '127.0.0.1'],
    ['IPv6', 'AF_INET6', '::1'],
  ])(
    '%s: of an attempt that was refused and of a connection that was reset, both over at once',
    async (_, af, address) => {
      const { pid, refused, reset, packets } = await withoutGap(async () => {
        const from = run.objects.length;
        // It has exited before its events are read.
        const made = JSON.parse(
          netns.run(
            'python3',
            '-c',
            `
import json, os, socket
s = socket.socket(socket.${af}); s.bind(('${address}', 0)); refused = s.getsockname()[1]
c = socket.socket(socket.${af})
try: c.connect(('${address}', refused)); raise SystemExit('connected')
except ConnectionRefusedError: pass
l = socket.socket(socket.${af}); l.bind(('${address}', 0)); l.listen(); reset = l.getsockname()[1]
d = socket.socket(socket.${af}); d.connect(l.getsockname()); x, _ = l.accept()
d.send(b'unread'); x.recv(1); x.close()
try: d.recv(1); raise SystemExit('not reset')
except ConnectionResetError: pass
print(json.dumps({'pid': os.getpid(), 'refused': refused, 'reset': reset}))`,
          ),
        ) as { pid: number; refused: number; reset: number };
        return { ...made, packets: await packetsSince(from) };
      });
      const process = { processes: [{ pid, name: 'python3' }] };
      const received = packets.filter(isReceived);
      expect(received.filter(({ peer }) => peer.port === refused)).toMatchObject([{ role: 'client', ...process }]);
      expect(received.filter(({ peer }) => peer.port === reset)).toMatchObject([{ role: 'client', ...process }]);
      const sent = packets.filter(({ event }) => event === 'reset-sent');
      expect(sent.filter(({ local }) => local.port === reset)).toMatchObject([{ role: 'server', ...process }]);
      // Nobody has this port.
      for (const packet of sent.filter(({ local }) => local.port === refused))
        expect(packet).not.toHaveProperty('processes');
    },
  );
});

/**
 * Makes receivers, each of a process of its own, and prints them; at each line of input it sends to all of them more
 * than their buffers take, and answers with the drops that the kernel counts for each.
 */
const RECEIVERS = `
import ctypes, json, os, signal, socket, sys
UDP = socket.SOCK_DGRAM
def sender(): s = socket.socket(socket.AF_INET, UDP); s.bind(('127.0.0.1', 0)); return s
x, y = sender(), sender()
found, ports = {}, {}
def receiver(name, family, address, port=0, peer=None, only=False, option=socket.SO_REUSEADDR):
    s = socket.socket(family, UDP); s.setsockopt(socket.SOL_SOCKET, option, 1); s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    if family == socket.AF_INET6: s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.bind((address, port))
    if peer: s.connect(peer)
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        os.close(0); os.close(1)
        signal.pause()
    found[name] = {'pid': pid, 'inode': os.fstat(s.fileno()).st_ino}
    port = ports[name] = s.getsockname()[1]
    s.close()
    return port
near = x.getsockname()
mapped = ('::ffff:127.0.0.1', near[1])
p = receiver('any', socket.AF_INET, '0.0.0.0')
receiver('connected', socket.AF_INET, '127.0.0.1', p, near)
q = receiver('dual', socket.AF_INET6, '::')
receiver('dual connected', socket.AF_INET6, '::ffff:127.0.0.1', q, mapped)
r = receiver('one', socket.AF_INET, '127.0.0.1', option=socket.SO_REUSEPORT)
receiver('other', socket.AF_INET, '127.0.0.1', r, option=socket.SO_REUSEPORT)
def drops():
    rows = [l.split() for f in ('udp', 'udp6') for l in open('/proc/net/' + f).read().splitlines()[1:]]
    by = {int(row[9]): int(row[12]) for row in rows}
    return {name: by[one['inode']] for name, one in found.items()}
print(json.dumps({'receivers': found, 'shared': r}), flush=True)
for line in sys.stdin:
    before = drops()
    for s in (x, y):
        for port in (p, q, r):
            for _ in range(8): s.sendto(b'x' * 500, ('127.0.0.1', port))
    after = drops()
    print(json.dumps({name: after[name] - before[name] for name in found}), flush=True)
for one in found.values(): os.kill(one['pid'], signal.SIGKILL)
`;

type Receiver = 'any' | 'connected' | 'dual' | 'dual connected' | 'one' | 'other';

describe.skipIf(!kernelIsSince(5, 17))('events: whose a dropped datagram is', () => {
  it('of the process that does not read it, as the kernel chose its socket; of nobody where several could be', async () => {
    const child = netns.spawn('python3', ['-uc', RECEIVERS], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (child.stdout === null) throw new Error('no output');
    const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const answer = async <T>() => JSON.parse((await lines.next()).value as string) as T;
    const { receivers, shared } = await answer<{ receivers: Record<Receiver, { pid: number }>; shared: number }>();
    const burst = async () => {
      const from = run.objects.length;
      child.stdin?.write('\n');
      const drops = await answer<Record<Receiver, number>>();
      const packets = (await packetsSince(from)).filter(({ event }) => event === 'dropped');
      return { drops, packets };
    };
    // A dump has to see them first.
    while ((await burst()).packets.every(({ processes }) => processes === undefined));
    const { drops, packets } = await withoutGap(burst);
    const known: Receiver[] = ['any', 'connected', 'dual', 'dual connected'];
    const ofPid = (pid: number) =>
      packets.filter(({ processes }) => processes?.length === 1 && processes[0]?.pid === pid).length;
    const counted = Object.fromEntries(known.map((name) => [name, ofPid(receivers[name].pid)]));
    expect(counted).toEqual(Object.fromEntries(known.map((name) => [name, drops[name]])));
    for (const name of known) expect(drops[name]).toBeGreaterThan(0);
    const ofShared = packets.filter(({ local }) => local.port === shared);
    expect(ofShared).toHaveLength(drops.one + drops.other);
    for (const packet of ofShared) expect(packet).not.toHaveProperty('processes');
    child.stdin?.end();
    await new Promise((resolve) => child.once('exit', resolve));
  });
});
