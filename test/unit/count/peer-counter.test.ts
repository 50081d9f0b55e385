import { describe, expect, it } from 'vitest';
import { PeerCounter, peerIdOf } from '../../../src/count/peer-counter.ts';
import { Roles } from '../../../src/count/roles.ts';
import { TCP_STATE } from '../../../src/model/socket/tcp-state.ts';
import { type PlainSocket, storedSockets } from '../../support/plain-socket.ts';
import { listener, mapped, tcpSocket, unixSocket } from '../../support/series.ts';

const client = (peer: string, parts: Partial<PlainSocket> = {}) =>
  tcpSocket({ ...parts, local: '10.0.0.2:50000', peer } as Parameters<typeof tcpSocket>[0]);
const served = (port: number, peer: string) => tcpSocket({ local: `10.0.0.2:${port}`, peer });

describe('PeerCounter', () => {
  it('groups incoming connections by local port, outgoing ones by the port of the peer', () => {
    const sockets = [
      listener(8080),
      served(8080, '10.0.0.9:50001'),
      served(8080, '10.0.0.9:50002'),
      client('10.0.0.3:3306'),
      client('10.0.0.3:3306', { state: TCP_STATE.CLOSE_WAIT }),
    ];
    expect(counterOf(sockets).peers()).toMatchObject([
      { id: 'in tcp *:8080', address: undefined, direction: 'in', port: 8080, total: 1, byState: { LISTEN: 1 } },
      { id: 'in tcp 10.0.0.9:8080', direction: 'in', port: 8080, total: 2, tcp: 2, byState: { ESTABLISHED: 2 } },
      {
        id: 'out tcp 10.0.0.3:3306',
        address: '10.0.0.3',
        direction: 'out',
        port: 3306,
        total: 2,
        byState: { ESTABLISHED: 1, CLOSE_WAIT: 1 },
      },
    ]);
  });

  it('peerIdOf returns the id of the peer under which a socket is counted', () => {
    const sockets = [
      listener(8080),
      served(8080, '10.0.0.9:50001'),
      client('10.0.0.3:3306'),
      mapped(client('10.0.0.3:1')),
    ];
    const roles = new Roles(storedSockets(sockets));
    const ids: string[] = [];
    storedSockets(sockets).each((socket) => ids.push(peerIdOf(socket, roles)));
    expect(ids).toEqual(
      counterOf(sockets)
        .peers()
        .map(({ id }) => id),
    );
  });

  it('counts UDP and RAW apart from states, and leaves UNIX sockets out', () => {
    const udp = client('10.0.0.3:53', { proto: 'udp' });
    const raw = tcpSocket({ proto: 'raw', local: '0.0.0.0:1', peer: '0.0.0.0:0', state: TCP_STATE.CLOSE });
    const counter = counterOf([udp, raw, unixSocket()]);
    expect(counter.peers()).toMatchObject([
      { id: 'out udp 10.0.0.3:53', total: 1, udp: 1, tcp: 0, byState: {} },
      { id: 'in raw *:1', total: 1, raw: 1, byState: {} },
    ]);
    expect(counter.totals().counts()).toEqual({ total: 2, tcp: 0, udp: 1, raw: 1, unix: 1, byState: {} });
  });
});

describe('the busiest peer', () => {
  it('is undefined without a connected socket', () => {
    expect(counterOf([listener(80)]).busiest()).toBeUndefined();
  });

  it('is counted over states and families', () => {
    const sockets = [
      client('10.0.0.4:80'),
      client('10.0.0.4:80'),
      client('10.0.0.3:3306'),
      client('10.0.0.3:3306', { state: TCP_STATE.TIME_WAIT }),
      mapped(client('10.0.0.3:3306')),
    ];
    expect(counterOf(sockets).busiest()).toEqual({ address: '10.0.0.3', port: 3306, count: 3 });
    expect(counterOf(sockets.slice(0, -1)).busiest(true)).toEqual({ address: '10.0.0.4', port: 80, count: 2 });
  });

  it('is an address without a port for clients, over all local ports', () => {
    const sockets = [listener(80), listener(443), served(80, '10.0.0.9:50001'), served(443, '10.0.0.9:50002')];
    expect(counterOf([...sockets, client('10.0.0.3:3306')]).busiest()).toEqual({
      address: '10.0.0.9',
      port: 0,
      count: 2,
    });
  });

  it('of equals is the first by address and port, in whatever order a dump has them; a server before clients', () => {
    const sockets = ['10.0.0.7:80', '10.0.0.5:80', '10.0.0.5:80', '10.0.0.7:80'].map((peer) => client(peer));
    expect(counterOf(sockets).busiest()?.address).toBe('10.0.0.5');
    expect(counterOf(sockets.toReversed()).busiest()?.address).toBe('10.0.0.5');
  });
});

function counterOf(sockets: readonly PlainSocket[]): PeerCounter {
  const counter = new PeerCounter(new Roles(storedSockets(sockets)));
  storedSockets(sockets).each((socket) => counter.add(socket));
  return counter;
}
