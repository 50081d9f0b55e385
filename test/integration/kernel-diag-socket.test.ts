import fs from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DiagError, DiagSocket, scratchStore } from '../../src/kernel/diag-socket.ts';
import { koffiSystemCalls } from '../../src/kernel/koffi-system-calls.ts';
import { ALL_STATES } from '../../src/model/socket/tcp-state.ts';
import { InetDiagCursor } from '../../src/netlink/inet-diag-cursor.ts';
import { AF, IPPROTO, inetDumpRequest, tcpBothFamiliesRequest } from '../../src/netlink/inet-diag-request.ts';
import { hex } from '../support/hex.ts';
import { connectNetns, createNetns, type TestNetns } from '../support/netns.ts';
import { manySockets } from '../support/recipes/many-sockets.ts';
import { Workshop } from '../support/recipes/workshop.ts';

let netns: TestNetns;
let workshop: Workshop;
let diag: DiagSocket;

function openIn(namespace: TestNetns, timeoutMs?: number): DiagSocket {
  const fd = fs.openSync(namespace.path, 'r');
  try {
    return DiagSocket.open(koffiSystemCalls(), fd, timeoutMs);
  } finally {
    fs.closeSync(fd);
  }
}

const request = (protocol: number = IPPROTO.TCP, family: number = AF.INET) =>
  inetDumpRequest({ family, protocol, states: ALL_STATES, ext: 0, sequence: 0 });

/** Local ports of all TCP sockets over IPv4, sorted. */
function ports(socket: DiagSocket): number[] {
  const cursor = new InetDiagCursor('tcp');
  const found: number[] = [];
  socket.dump('TCP dump', request(), scratchStore(), (view, offset, length) => {
    cursor.moveTo(view, offset, length);
    found.push(cursor.localPort);
  });
  return found.sort((a, b) => a - b);
}

function ssPorts(): number[] {
  const lines = netns.run('ss', '-4tanH').trim().split('\n').filter(Boolean);
  return lines.map((line) => Number(line.split(/\s+/)[3]?.split(':').at(-1))).sort((a, b) => a - b);
}

/** The error that a call throws. */
function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

beforeAll(async () => {
  netns = createNetns();
  workshop = await Workshop.start(netns);
});
afterAll(async () => {
  await workshop.stop();
  netns.remove();
});
beforeEach(() => {
  diag = openIn(netns);
});
afterEach(() => diag.close());

describe('DiagSocket', () => {
  it('reads the same sockets as ss in the namespace, and none of its own namespace', async () => {
    const listener = await workshop.tcpListener('127.0.0.1');
    await workshop.tcpPair(listener);
    expect(ports(diag)).toEqual(ssPorts());
    expect(ports(diag)).toContain(listener.port);
    const own = DiagSocket.open(koffiSystemCalls(), undefined);
    expect(ports(own)).not.toContain(listener.port);
    own.close();
  });

  it('answers any number of requests', async () => {
    for (let index = 0; index < 20; index++) expect(ports(diag)).toEqual(ssPorts());
  });

  it('assembles a dump of very many messages', async () => {
    const many = await manySockets(netns, 20_000, 50);
    const seen = ports(diag);
    expect(seen.length).toBeGreaterThanOrEqual(2 * many.connections + many.listeners);
    expect(seen).toEqual(ssPorts());
    await many.stop();
  });

  it('calls a request that the kernel never answers a timeout', () => {
    const impatient = openIn(netns, 200);
    // Without NLM_F_REQUEST the kernel takes a message for an answer, and is silent (netlink_rcv_skb).
    const silent = request();
    silent.fill(0, 6, 8);
    const started = Date.now();
    const error = errorOf(() => impatient.dump('TCP dump', silent, scratchStore(), () => {}));
    expect(error).toBeInstanceOf(DiagError);
    expect(error).toMatchObject({ code: 'ETIMEDOUT', message: 'TCP dump: ETIMEDOUT' });
    expect(Date.now() - started).toBeLessThan(10_000);
    impatient.close();
  });

  it('a timeout of 0 is a short wait, not an endless one', () => {
    // A timeout of 0 would mean "for ever" to the kernel.
    const impatient = openIn(netns, 0);
    const silent = request();
    silent.fill(0, 6, 8);
    expect(errorOf(() => impatient.dump('TCP dump', silent, scratchStore(), () => {}))).toMatchObject({
      code: 'ETIMEDOUT',
    });
    impatient.close();
  });

  it('times out on an incomplete request, which the kernel never answers', () => {
    const impatient = openIn(netns, 200);
    const error = errorOf(() => impatient.dump('TCP dump', request().slice(0, 12), scratchStore(), () => {}));
    expect(error).toMatchObject({ code: 'ETIMEDOUT' });
    impatient.close();
  });

  it('says ENOENT for a protocol without a handler', () => {
    // 253 is reserved for experiments (RFC 3692): no kernel has a handler for it.
    const rows: number[] = [];
    const dump = () => diag.dump('a dump', request(253), scratchStore(), (_view, at) => rows.push(at));
    const error = errorOf(dump);
    expect(error).toBeInstanceOf(DiagError);
    expect(error).toMatchObject({ code: 'ENOENT' });
    expect(rows).toEqual([]);
    // A refusal is an answer: the socket goes on working.
    expect(ports(diag)).toEqual(ssPorts());
  });

  it.each([
    ['RAW', 255],
    ['DCCP', 33],
    ['SCTP', 132],
  ])('says ENOENT for %s where the kernel was built without it, else it has rows or none', (_, protocol) => {
    const error = errorOf(() => diag.dump('a dump', request(protocol), scratchStore(), () => {}));
    expect([undefined, 'ENOENT']).toContain((error as DiagError | undefined)?.code);
  });

  it('names the errno of a request that is refused as a whole', () => {
    const unknown = errorOf(() => diag.dump('a dump', request(IPPROTO.TCP, 77), scratchStore(), () => {}));
    expect(unknown).toBeInstanceOf(DiagError);
    expect((unknown as DiagError).code).toMatch(/^(?:EINVAL|ENOENT)$/);
    // Attribute INET_DIAG_REQ_BYTECODE (1) with an instruction that does not exist
    const program = hex('0800 0100 ff040400');
    const filtered = new Uint8Array([...request(), ...program]);
    filtered[0] = filtered.length;
    expect(errorOf(() => diag.dump('a dump', filtered, scratchStore(), () => {}))).toMatchObject({ code: 'EINVAL' });
    expect(ports(diag)).toEqual(ssPorts());
  });

  it('refuses further requests after an incomplete dump, and says why', () => {
    const breakOff = () =>
      diag.dump('TCP dump', request(), scratchStore(), () => {
        throw new Error('enough');
      });
    expect(breakOff).toThrow('enough');
    expect(errorOf(() => ports(diag))).toMatchObject({ name: 'DiagError', code: 'EBUSY' });
  });

  it('answers for both address families in one dump', async () => {
    const v4 = await workshop.tcpListener('127.0.0.1');
    const v6 = await workshop.tcpListener('::1');
    const cursor = new InetDiagCursor('tcp');
    const found = new Map<number, string>();
    const both = tcpBothFamiliesRequest({ states: ALL_STATES, ext: 0, sequence: 0 });
    diag.dump('TCP dump', both, scratchStore(), (view, offset, length) => {
      cursor.moveTo(view, offset, length);
      found.set(cursor.localPort, cursor.family);
    });
    expect(found.get(v4.port)).toBe('inet');
    expect(found.get(v6.port)).toBe('inet6');
  });

  it('sees a connection from either side of a veth pair', async () => {
    const [left, right] = [createNetns(), createNetns()];
    connectNetns({ netns: left, addresses: ['10.77.0.1/24'] }, { netns: right, addresses: ['10.77.0.2/24'] });
    const [server, client] = [await Workshop.start(left), await Workshop.start(right)];
    const listener = await server.tcpListener('10.77.0.1');
    const fd = await client.socket(AF.INET, 1);
    await client.connect(fd, listener);
    await server.accept(listener.fd);
    const [here, there] = [openIn(left), openIn(right)];
    expect(ports(here)).toEqual([listener.port, listener.port]);
    expect(ports(there)).toEqual([await client.port(fd)]);
    for (const socket of [here, there]) socket.close();
    for (const namespace of [left, right]) namespace.remove();
  });

  it('goes on answering when its namespace is deleted', async () => {
    const doomed = createNetns();
    const inside = await Workshop.start(doomed);
    const { port } = await inside.tcpListener('127.0.0.1');
    const watcher = openIn(doomed);
    doomed.run('ip', 'netns', 'delete', doomed.name);
    expect(ports(watcher)).toEqual([port]);
    await inside.stop();
    doomed.remove();
    expect(ports(watcher)).toEqual([]);
    watcher.close();
  });

  it('closes its descriptors when it cannot be opened', () => {
    const open = () => fs.readdirSync('/proc/self/fd').length;
    const before = open();
    const calls = {
      ...koffiSystemCalls(),
      setsockopt: () => koffiSystemCalls().setsockopt(-1, 0, 0, new Uint8Array()),
    };
    expect(() => DiagSocket.open(calls, undefined)).toThrow('setsockopt: EBADF');
    expect(open()).toBe(before);
  });

  it('a request on a closed socket fails with the reason', () => {
    const closed = openIn(netns);
    closed.close();
    expect(errorOf(() => ports(closed))).toMatchObject({ name: 'DiagError', code: 'EBADF' });
  });
});
