import { describe, expect, it } from 'vitest';
import { Roles } from '../../../src/count/roles.ts';
import { AddressInterner } from '../../../src/model/socket/interned-address.ts';
import { TCP_STATE } from '../../../src/model/socket/tcp-state.ts';
import { type PlainSocket, storedSocket, storedSockets } from '../../support/plain-socket.ts';
import { listener, mapped, tcpSocket, unixSocket } from '../../support/series.ts';

const book = new AddressInterner();
const rolesOf = (...sockets: PlainSocket[]) => new Roles(storedSockets(sockets));
const of = (roles: Roles, socket: PlainSocket) => roles.of(storedSocket(socket));
/** A listener on `::`, which takes IPv4 too. */
const dualStack = (port: number) => ({
  ...listener(port),
  family: 'inet6' as const,
  local: book.inet6(0, 0, 0, 0),
});
const inet6 = (localPort: number, peerPort: number) =>
  tcpSocket({ family: 'inet6', localPort, peerPort, local: '0.0.0.0:0', peer: '0.0.0.0:0' });
/** From a port that no service has, so that listeners alone decide. */
const accepted = (local: string, parts: Partial<PlainSocket> = {}) =>
  tcpSocket({ ...parts, local, peer: '10.0.0.9:50000' } as Parameters<typeof tcpSocket>[0]);

describe('Roles: sockets whose local address and port have a listener', () => {
  it('a listener is a server, its connections are, all others are clients', () => {
    const roles = rolesOf(listener(40_080));
    expect(of(roles, listener(40_080))).toBe('server');
    expect(of(roles, accepted('10.0.0.2:40080'))).toBe('server');
    expect(of(roles, accepted('10.0.0.2:40081'))).toBe('client');
  });

  it('a listener on one address accepts no connection to another', () => {
    const roles = rolesOf(listener(40_080, { local: '127.0.0.11:40080' }));
    expect(of(roles, accepted('127.0.0.11:40080'))).toBe('server');
    expect(of(roles, accepted('10.0.0.2:40080'))).toBe('client');
  });

  it('a listener on 0.0.0.0 accepts IPv4, also as mapped IPv6, and no IPv6', () => {
    const roles = rolesOf(listener(40_080));
    expect(of(roles, mapped(accepted('10.0.0.2:40080')))).toBe('server');
    const other = { ...inet6(40_080, 50_000), local: book.inet6(0xfd000000, 0, 0, 1) };
    expect(of(roles, other)).toBe('client');
  });

  it('a listener on :: accepts both families', () => {
    const roles = rolesOf(dualStack(40_080));
    expect(of(roles, accepted('10.0.0.2:40080'))).toBe('server');
    expect(of(roles, mapped(accepted('10.0.0.2:40080')))).toBe('server');
    expect(of(roles, { ...inet6(40_080, 50_000), local: book.inet6(0xfd000000, 0, 0, 1) })).toBe('server');
  });

  it('a listener on an IPv4-mapped address accepts connections to the IPv4 address', () => {
    const roles = rolesOf(mapped(listener(40_080, { local: '10.0.0.2:40080' })));
    expect(of(roles, accepted('10.0.0.2:40080'))).toBe('server');
    expect(of(roles, accepted('10.0.0.3:40080'))).toBe('client');
  });

  it('a listener on the address itself takes precedence over one on every address', () => {
    const roles = rolesOf(dualStack(80), listener(80), listener(80, { local: '10.0.0.2:80' }));
    const index = (socket: PlainSocket) => roles.listenerOf(storedSocket(socket));
    expect(index(accepted('10.0.0.2:80'))).toBe(2);
    expect(index(accepted('10.0.0.3:80'))).toBe(1);
    expect(index({ ...inet6(80, 50_000), local: book.inet6(0xfd000000, 0, 0, 1) })).toBe(0);
  });

  it('listeners that share an address and a port have one index', () => {
    const roles = new Roles();
    const add = (socket: PlainSocket) => roles.addListener(storedSocket(socket));
    expect([add(listener(80)), add(listener(80)), add(listener(81)), add(tcpSocket())]).toEqual([0, 0, 1, undefined]);
  });
});

describe('Roles: decided by the socket itself', () => {
  it('an attempt to connect is a client, even from a port that is listened on', () => {
    expect(of(rolesOf(listener(40_080)), accepted('10.0.0.2:40080', { state: TCP_STATE.SYN_SENT }))).toBe('client');
  });

  it.each([TCP_STATE.SYN_RECV, TCP_STATE.NEW_SYN_RECV])('a half-open entry in state %s is a server', (state) => {
    expect(of(rolesOf(), accepted('10.0.0.2:40080', { state }))).toBe('server');
  });

  it('unconnected, UNIX and RAW sockets have no role', () => {
    const roles = rolesOf(listener(80));
    expect(of(roles, tcpSocket({ state: TCP_STATE.CLOSE, peer: '0.0.0.0:0' }))).toBe('none');
    expect(of(roles, unixSocket())).toBe('none');
    expect(of(roles, tcpSocket({ proto: 'raw', local: '0.0.0.0:1', peer: '10.0.0.1:0' }))).toBe('none');
  });
});

describe('Roles: listeners that were closed', () => {
  it('a listener of an earlier snapshot is remembered', () => {
    const roles = new Roles(storedSockets([listener(40_080)]));
    roles.add(storedSockets([accepted('10.0.0.2:40080')]));
    expect(of(roles, accepted('10.0.0.2:40080'))).toBe('server');
    expect(roles.isListenedOn(storedSocket(accepted('10.0.0.2:40080')))).toBe(true);
  });

  it('without one the ports decide: a service port with an ephemeral peer port is a server', () => {
    const roles = rolesOf();
    const left = accepted('10.0.0.2:8080', { state: TCP_STATE.TIME_WAIT });
    expect(of(roles, left)).toBe('server');
    expect(roles.isListenedOn(storedSocket(left))).toBe(false);
    expect(of(roles, tcpSocket({ local: '10.0.0.2:900', peer: '10.0.0.3:2049' }))).toBe('client');
    expect(of(roles, tcpSocket({ local: '10.0.0.2:50000', peer: '10.0.0.3:50001' }))).toBe('client');
  });

  it('a closed connection whose peer and address the kernel has cleared is a server if its port has a listener', () => {
    const roles = rolesOf(listener(40_080));
    const cleared = (local: string) => tcpSocket({ local, peer: '0.0.0.0:0', state: TCP_STATE.CLOSE });
    expect(roles.ofClosed(storedSocket(cleared('0.0.0.0:40080')))).toBe('server');
    expect(roles.ofClosed(storedSocket(cleared('0.0.0.0:40081')))).toBe('client');
    expect(roles.ofClosed(storedSocket(accepted('10.0.0.2:40080')))).toBe('server');
  });
});

describe('Roles: protocols', () => {
  const udp = (local: string, peer: string) => tcpSocket({ proto: 'udp', local, peer, state: TCP_STATE.ESTABLISHED });

  it('a bound UDP socket without a peer is a server, and so is a connected one on its address and port', () => {
    const server = udp('10.0.0.2:40053', '0.0.0.0:0');
    const roles = rolesOf(server);
    expect(of(roles, server)).toBe('server');
    expect(of(roles, udp('10.0.0.2:40053', '10.0.0.9:50000'))).toBe('server');
    expect(of(roles, udp('10.0.0.3:40053', '10.0.0.9:50000'))).toBe('client');
  });

  it('ports of one transport are not those of another; MPTCP and TCP share theirs', () => {
    const roles = rolesOf(listener(40_080));
    expect(of(roles, udp('10.0.0.2:40080', '10.0.0.9:50000'))).toBe('client');
    expect(of(roles, accepted('10.0.0.2:40080', { proto: 'sctp' }))).toBe('client');
    expect(of(roles, accepted('10.0.0.2:40080', { proto: 'mptcp' }))).toBe('server');
  });
});
