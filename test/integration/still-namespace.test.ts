/** A namespace in which nothing happens is read once; what the kernel then says is the same. */
import { afterEach, expect, test } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import { everySocket } from '../../src/model/socket/socket-query.ts';
import { Sampler } from '../../src/sources/live/sampler.ts';
import type { NetnsTick, TickRequest } from '../../src/sources/sample-source.ts';
import { createNetns, removeAllNetns } from '../support/netns.ts';
import { stopSoftware } from '../support/software/program.ts';
import { startPython } from '../support/software/python-program.ts';

afterEach(async () => {
  await stopSoftware();
  removeAllNetns();
});

/** Holds a connection, and does what a signal says. */
const HELD = `
import signal, socket, time
server = socket.create_server(("127.0.0.1", 8080))
client = socket.create_connection(("127.0.0.1", 8080))
accepted, _ = server.accept()
more = []
def send(*_):
    client.sendall(b"unread")
    print("sent", flush=True)
def open_file(*_):
    more.append(open("/etc/hostname"))
    print("opened", flush=True)
signal.signal(signal.SIGUSR1, send)
signal.signal(signal.SIGUSR2, open_file)
print("ready", flush=True)
while True:
    time.sleep(60)
`;

const REQUEST: TickRequest = {
  isForeground: () => true,
  mayRepeat: true,
  query: () => ({ ...everySocket(), tcpInfo: true }),
  processes: 'kinds',
  allCounters: true,
};

test('a still namespace is not read again, until a packet or a descriptor', { timeout: 240_000 }, async () => {
  const netns = createNetns();
  const held = await startPython(netns, HELD);
  await held.said('ready');
  const sampler = await Sampler.start(localMachine({}), `netns:${netns.name}`, {
    intervalMs: 50,
    events: false,
    names: false,
    host: false,
  });
  const next = async (): Promise<NetnsTick> => {
    const [one] = (await sampler.next(REQUEST))?.namespaces ?? [];
    if (one === undefined) throw new Error('no tick');
    return one;
  };
  const nextThat = async (holds: (tick: NetnsTick) => boolean): Promise<NetnsTick> => {
    for (;;) {
      const tick = await next();
      if (holds(tick)) return tick;
    }
  };
  try {
    const first = await next();
    expect(first.snapshot).toBeDefined();
    expect(first.still).toBeUndefined();
    const still = await nextThat((tick) => tick.still === true);
    expect(still.snapshot).toBeUndefined();
    expect(still.processes?.map(({ pid, used }) => ({ pid, used }))).toEqual(
      first.processes?.map(({ pid, used }) => ({ pid, used })),
    );
    expect(still.processes?.[0]?.kinds).toEqual(first.processes?.[0]?.kinds);
    const pid = still.processes?.[0]?.pid ?? 0;
    expect(pid).toBeGreaterThan(0);
    process.kill(pid, 'SIGUSR2');
    await held.said('opened');
    const used = still.processes?.[0]?.used ?? 0;
    const more = await nextThat(({ snapshot }) => snapshot !== undefined);
    expect(more.processes?.[0]?.used).toBe(used + 1);
    process.kill(pid, 'SIGUSR1');
    await held.said('sent');
    const queued = (tick: NetnsTick) => {
      let bytes = 0;
      tick.snapshot?.sockets.each(({ localPort, state, receiveQueue }) => {
        if (localPort === 8080 && state === 1) bytes += receiveQueue ?? 0;
      });
      return bytes;
    };
    expect(queued(await nextThat((tick) => queued(tick) > 0))).toBe('unread'.length);
    // What waits to be read can be read without a packet.
    for (let ticks = 0; ticks < 5; ticks++) expect((await next()).still).toBeUndefined();
  } finally {
    sampler.close();
  }
});
