/** `socklens kill` on real sockets: for each kind, the effect on its application and its peer. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CloseOutcome, closeSockets } from '../../src/act/close-sockets.ts';
import { dumpSockets } from '../../src/collect/dump/dump-sockets.ts';
import { localMachine } from '../../src/collect/local-machine.ts';
import type { NetnsHandle } from '../../src/collect/target/netns-handle.ts';
import { resolveTargets } from '../../src/collect/target/resolve-targets.ts';
import { identityOf, type SocketIdentity } from '../../src/model/socket/socket-identity.ts';
import { everySocket } from '../../src/model/socket/socket-query.ts';
import { LAUNCHER, socklens } from '../support/cli.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { AF, OPT, SHUT, SOCK } from '../support/recipes/constants.ts';
import { drop, freePort, type RecipeContext, V4 } from '../support/recipes/recipe-context.ts';
import { boundInactive, synReceived, synSent } from '../support/recipes/tcp-opening.ts';
import { Workshop } from '../support/recipes/workshop.ts';

const machine = localMachine({ DOCKER_HOST: 'unix:///nonexistent' });

let netns: TestNetns;
let workshop: Workshop;
let context: RecipeContext;
let handle: NetnsHandle;

beforeAll(async () => {
  netns = createNetns();
  workshop = await Workshop.start(netns);
  context = { netns, workshop };
  const [found] = await resolveTargets(machine, `netns:${netns.name}`);
  if (found === undefined) throw new Error('the namespace was not found');
  handle = found;
});
afterAll(async () => {
  await workshop?.stop();
  netns?.remove();
});

interface Document {
  sockets: { state: string; outcome: string | null; reason?: string }[];
}

/** Runs the verb; the outcomes in order. */
function kill(...args: string[]): { status: number | null; outcomes: (string | null)[]; stderr: string } {
  const { status, stdout, stderr } = socklens(['kill', `netns:${netns.name}`, '--yes', '--json', ...args]);
  const document = JSON.parse(stdout === '' ? '{"sockets":[]}' : stdout) as Document;
  return { status, outcomes: document.sockets.map(({ outcome }) => outcome), stderr };
}

const CLOSED = { status: 0, outcomes: ['closed'], stderr: '' };

/** Whether `ss` shows a socket with these ports in this state. */
function shown(state: string, localPort: number, peerPort = 0): boolean {
  const peer = peerPort === 0 ? '*' : String(peerPort);
  return netns
    .run('ss', '-tanH')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .some(
      ([found, , , local, other]) => found === state && local?.endsWith(`:${localPort}`) && other?.endsWith(`:${peer}`),
    );
}

const code = (call: Promise<unknown>) =>
  call.then(
    (value) => value,
    (error: { code: string }) => error.code,
  );

describe('kill: effect on the application and its peer', () => {
  it('ESTABLISHED: the owner gets ECONNABORTED, the peer ECONNRESET', async () => {
    const listener = await workshop.tcpListener(V4);
    const { client, server, clientPort } = await workshop.tcpPair(listener);
    expect(kill(`sport = ${clientPort} and state established`)).toEqual(CLOSED);
    expect(await code(workshop.recv(client, 10))).toBe('ECONNABORTED');
    expect(await code(workshop.recv(server, 10))).toBe('ECONNRESET');
  });

  it('an IPv4-mapped connection is closed by the identity of its IPv6 socket', async () => {
    const fd = await workshop.socket(AF.INET6, SOCK.STREAM);
    await workshop.setsockopt(fd, 41, OPT.IPV6_V6ONLY, 0);
    await workshop.bind(fd, { host: '::', port: 0 });
    await workshop.listen(fd, 8);
    const port = await workshop.port(fd);
    const { server } = await workshop.tcpPair({ fd, host: '::', port }, V4);
    expect(kill('-6', `sport = ${port} and src 127.0.0.1`)).toEqual(CLOSED);
    expect(await code(workshop.recv(server, 10))).toBe('ECONNABORTED');
  });

  it('CLOSE_WAIT: the peer in FIN_WAIT2 is reset at once', async () => {
    const listener = await workshop.tcpListener(V4);
    const { client, server, clientPort } = await workshop.tcpPair(listener);
    await workshop.shutdown(client, SHUT.WR);
    await until('CLOSE_WAIT', () => shown('CLOSE-WAIT', listener.port, clientPort));
    expect(kill('state', 'close-wait', `dport = ${clientPort}`)).toEqual(CLOSED);
    expect(await code(workshop.send(server, 10))).toBe('ECONNABORTED');
    expect(await code(workshop.recv(client, 10))).toBe('ECONNRESET');
  });

  it('SYN_SENT: connect() fails with ECONNABORTED', async () => {
    const port = await freePort(workshop, V4);
    drop(netns, V4, '--dport', String(port), '--syn');
    const fd = await workshop.socket(AF.INET, SOCK.STREAM);
    await workshop.connect(fd, { host: V4, port }, false);
    expect(kill(`dport = ${port}`)).toEqual(CLOSED);
    expect(await code(workshop.recv(fd, 1))).toBe('ECONNABORTED');
  });

  it('SYN_RECV: the half-open entry is removed', async () => {
    const { localPort, peerPort } = await synReceived(context);
    await until('SYN_RECV', () => shown('SYN-RECV', localPort, peerPort));
    expect(kill('state', 'syn-recv', `sport = ${localPort}`)).toEqual(CLOSED);
    expect(shown('SYN-RECV', localPort, peerPort)).toBe(false);
  });

  it('in the accept queue: accept() returns the connection, the first read fails', async () => {
    const listener = await workshop.tcpListener(V4);
    const client = await workshop.socket(AF.INET, SOCK.STREAM);
    await workshop.connect(client, listener);
    expect(kill(`unaccepted and sport = ${listener.port}`)).toEqual(CLOSED);
    const server = await workshop.accept(listener.fd);
    expect(await code(workshop.recv(server, 10))).toBe('ECONNABORTED');
    expect(await code(workshop.recv(client, 10))).toBe('ECONNRESET');
  });

  it('FIN_WAIT2 without a process: the entry is removed, and a late write of the peer is reset', async () => {
    const listener = await workshop.tcpListener(V4);
    const { client, server, clientPort } = await workshop.tcpPair(listener);
    await workshop.close(client);
    await until('FIN_WAIT2', () => shown('FIN-WAIT-2', clientPort, listener.port));
    expect(kill(`orphan and sport = ${clientPort}`)).toEqual(CLOSED);
    expect(shown('FIN-WAIT-2', clientPort, listener.port)).toBe(false);
    await workshop.send(server, 10);
    await until('the reset', async () => (await code(workshop.send(server, 10))) === 'EPIPE');
  });

  it('TIME_WAIT: the entry is removed', async () => {
    const listener = await workshop.tcpListener(V4);
    const { client, server, clientPort } = await workshop.tcpPair(listener);
    await workshop.close(client);
    await until('FIN_WAIT2', () => shown('FIN-WAIT-2', clientPort, listener.port));
    await workshop.close(server);
    await until('TIME_WAIT', () => shown('TIME-WAIT', clientPort, listener.port));
    expect(kill('state', 'TIME_WAIT', `dport = ${listener.port}`)).toEqual(CLOSED);
    expect(shown('TIME-WAIT', clientPort, listener.port)).toBe(false);
  });

  it('LISTEN: closed only when the filter asks for it; then accept() fails with EINVAL', async () => {
    const listener = await workshop.tcpListener(V4);
    const spared = kill(`sport = ${listener.port}`);
    expect(spared).toMatchObject({ status: 0, outcomes: [] });
    expect(spared.stderr).toContain('--including-listeners');
    expect(shown('LISTEN', listener.port)).toBe(true);
    expect(kill('--including-listeners', `sport = ${listener.port}`)).toEqual(CLOSED);
    expect(shown('LISTEN', listener.port)).toBe(false);
    expect(await code(workshop.accept(listener.fd))).toBe('EINVAL');
  });

  it('bound and nothing more: refused, because the kernel does not find it', async () => {
    const { localPort } = await boundInactive(context);
    const { status, outcomes, stderr } = kill(`sport = ${localPort}`);
    expect({ status, outcomes }).toEqual({ status: 5, outcomes: ['refused'] });
    expect(stderr).toContain('only bound');
  });

  it('UDP: the receive fails with ECONNABORTED; a port that it chose stays its own', async () => {
    const chosen = await workshop.socket(AF.INET, SOCK.DGRAM);
    await workshop.bind(chosen, { host: V4, port: 5300 });
    expect(kill('-u', 'sport = 5300')).toEqual(CLOSED);
    expect(await code(workshop.recv(chosen, 10))).toBe('ECONNABORTED');
    expect(await workshop.port(chosen)).toBe(5300);
    expect(netns.run('ss', '-uanH')).toContain('127.0.0.1:5300 ');
    const given = await workshop.socket(AF.INET, SOCK.DGRAM);
    await workshop.bind(given, { host: V4, port: 0 });
    expect(kill('-u', `sport = ${await workshop.port(given)}`)).toEqual(CLOSED);
    expect(await code(workshop.recv(given, 10))).toBe('ECONNABORTED');
    expect(await workshop.port(given)).toBe(0);
  });

  it('a stale cookie closes nothing and is reported as already closed', async () => {
    const listener = await workshop.tcpListener(V4);
    const { clientPort } = await workshop.tcpPair(listener);
    const [identity] = identities((port) => port === clientPort);
    if (identity === undefined) throw new Error('the connection was not seen');
    const stale = { ...identity, cookieLow: identity.cookieLow ^ 0x55 };
    expect(outcomes([stale, identity, identity])).toEqual(['gone', 'closed', 'gone']);
  });

  it('without CAP_NET_ADMIN: refused, status 4', async () => {
    const sent = await synSent(context);
    const prefix = ['setpriv', '--bounding-set', '-net_admin', '--inh-caps', '-net_admin', '--'];
    const args = ['kill', `netns:${netns.name}`, '--yes', `sport = ${sent.localPort}`];
    const { status, stdout, stderr } = socklens(args, {}, prefix);
    expect(status).toBe(4);
    expect(stdout).toContain('refused: CAP_NET_ADMIN is missing');
    expect(stderr).toContain('1 of 1 could not be closed');
    expect(shown('SYN-SENT', sent.localPort, sent.peerPort)).toBe(true);
  });
});

describe('kill: confirmation', () => {
  it('an empty filter, or no terminal to confirm on, is status 2', () => {
    const target = `netns:${netns.name}`;
    const empty = socklens(['kill', target, '--yes']);
    expect([empty.status, empty.stderr]).toEqual([2, expect.stringContaining('kill needs a FILTER')]);
    const alone = socklens(['kill', target, 'dport = 1']);
    expect([alone.status, alone.stderr]).toEqual([2, expect.stringContaining('--yes')]);
  });

  it('a filter that matches nothing is status 0 and says so', () => {
    const { status, stdout } = socklens(['kill', `netns:${netns.name}`, '--yes', 'dport = 1']);
    expect([status, stdout]).toEqual([0, 'nothing matches\n']);
  });

  it('--dry-run lists what would be closed and closes nothing', async () => {
    const listener = await workshop.tcpListener(V4);
    const { clientPort } = await workshop.tcpPair(listener);
    const { status, stdout } = socklens(['kill', `netns:${netns.name}`, '--dry-run', `sport = ${clientPort}`]);
    expect(status).toBe(0);
    expect(stdout).toContain(`127.0.0.1:${clientPort}`);
    expect(stdout).toContain('1 ESTABLISHED: ');
    expect(stdout).toContain('nothing was closed');
    expect(shown('ESTAB', clientPort, listener.port)).toBe(true);
  });

  it('on a terminal it asks for confirmation; only yes confirms', async () => {
    const listener = await workshop.tcpListener(V4);
    const { clientPort } = await workshop.tcpPair(listener);
    const command = `${LAUNCHER} kill netns:${netns.name} sport = ${clientPort}`;
    const answer = (text: string) =>
      spawnSync('script', ['-qec', command, '/dev/null'], { input: text, encoding: 'utf8', timeout: 240_000 }).stdout;
    expect(answer('\n')).toMatch(/Close this socket\? \[y\/N\][\s\S]*nothing was closed/);
    expect(shown('ESTAB', clientPort, listener.port)).toBe(true);
    expect(answer('y\n')).toMatch(/closed {2}tcp 127\.0\.0\.1:\d+[\s\S]*1 closed, 0 already closed, 0 refused/);
    expect(shown('ESTAB', clientPort, listener.port)).toBe(false);
  });

  it('a namespace that was replaced before the confirmation is not touched', () => {
    const replaced = { ...handle, target: { ...handle.target, netns: handle.target.netns + 1 } };
    expect(() => closeSockets(machine, replaced, [], () => {})).toThrow(/stopped while it was being read/);
  });
});

function identities(wanted: (localPort: number) => boolean): SocketIdentity[] {
  const found: SocketIdentity[] = [];
  dumpSockets(machine, handle, { ...everySocket(), protos: ['tcp'] }).sockets.each((socket) => {
    const identity = identityOf(socket);
    if (identity !== undefined && wanted(identity.localPort)) found.push(identity);
  });
  return found;
}

function outcomes(sockets: readonly SocketIdentity[]): CloseOutcome['kind'][] {
  const kinds: CloseOutcome['kind'][] = [];
  closeSockets(machine, handle, sockets, (_, { kind }) => kinds.push(kind));
  return kinds;
}
