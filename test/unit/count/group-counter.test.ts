import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { GroupCounter } from '../../../src/count/group-counter.ts';
import { Roles } from '../../../src/count/roles.ts';
import type { GroupKey } from '../../../src/model/report/group.ts';
import { StoredSocket } from '../../../src/model/socket/stored-socket.ts';
import { stateName, TCP_STATE } from '../../../src/model/socket/tcp-state.ts';
import { type PlainSocket, storedSockets } from '../../support/plain-socket.ts';
import { records } from '../../support/random-records.ts';
import { listener, mapped, tcpSocket } from '../../support/series.ts';

/** What a group's key is, read off the record the plain way. */
const PLAIN: Partial<Record<GroupKey, (socket: PlainSocket) => string | number | null>> = {
  state: ({ state }) => stateName(state),
  proto: ({ proto }) => proto,
  'local-port': ({ proto, localPort }) => (proto === 'unix' ? null : localPort),
  'peer-port': ({ proto, peerPort }) => (proto === 'unix' ? null : peerPort),
  'peer-address': ({ proto, peer }) => (proto === 'unix' ? null : (peer?.plain ?? null)),
  process: ({ holders: [first] = [] }) => (first === undefined ? null : `${first.pid}/${first.name}`),
};

describe('GroupCounter', () => {
  it('has the counts of a map over the keys, for any sockets', () => {
    const keys = fc.uniqueArray(fc.constantFrom(...(Object.keys(PLAIN) as GroupKey[])), { minLength: 1 });
    fc.assert(
      fc.property(keys, fc.array(records, { maxLength: 6 }), (by, lists) => {
        const sockets = lists.flat().filter(({ proto }) => proto !== 'mptcp');
        const expected = new Map<string, number>();
        for (const socket of sockets) {
          const key = JSON.stringify(by.map((name) => PLAIN[name]?.(socket)));
          expected.set(key, (expected.get(key) ?? 0) + 1);
        }
        const groups = groupsOf(sockets, by);
        const found = new Map(groups.map(({ key, count }) => [JSON.stringify(by.map((name) => key[name])), count]));
        expect(found).toEqual(expected);
        expect(groups.map(({ count }) => count)).toEqual([...expected.values()].sort((a, b) => b - a));
      }),
    );
  });

  it('counts an IPv4-mapped address as the IPv4 address that it is', () => {
    const plain = tcpSocket({ peer: '10.0.0.3:80' });
    expect(groupsOf([plain, mapped(tcpSocket({ peer: '10.0.0.3:80' }))], ['peer'])).toEqual([
      { key: { peer: '10.0.0.3:80' }, count: 2 },
    ]);
  });

  it('counts an MPTCP connection once, not its TCP subflow too', () => {
    const tcp = tcpSocket({ inode: 7 });
    expect(groupsOf([{ ...tcp, proto: 'mptcp' }, tcp, tcpSocket({ inode: 8 })], ['proto'])).toEqual([
      { key: { proto: 'mptcp' }, count: 1 },
      { key: { proto: 'tcp' }, count: 1 },
    ]);
  });

  it('puts ports of one number together, over all protocols', () => {
    const udp = tcpSocket({ proto: 'udp', peer: '10.0.0.3:53' });
    expect(groupsOf([tcpSocket({ peer: '10.0.0.3:53' }), udp], ['peer-port'])).toEqual([
      { key: { 'peer-port': 53 }, count: 2 },
    ]);
  });
});

test('groups are in the order of their counts, equal ones in that of their texts', () => {
  const sockets = ['10.0.0.9:1', '10.0.0.2:1', '10.0.0.3:1', '10.0.0.3:1'].map((peer) => tcpSocket({ peer }));
  expect(groupsOf(sockets, ['peer']).map(({ key }) => key.peer)).toEqual(['10.0.0.3:1', '10.0.0.2:1', '10.0.0.9:1']);
});

test('by role: null for a socket without a role', () => {
  const sockets = [
    listener(8080),
    tcpSocket({ local: '10.0.0.2:8080', peer: '10.0.0.9:50000' }),
    tcpSocket(),
    tcpSocket({ state: TCP_STATE.CLOSE, peer: '0.0.0.0:0' }),
  ];
  const counter = new GroupCounter(['role'], { roles: new Roles(storedSockets(sockets)) });
  storedSockets(sockets).each((socket) => counter.add(socket));
  expect(counter.groups()).toEqual([
    { key: { role: 'server' }, count: 2 },
    { key: { role: null }, count: 1 },
    { key: { role: 'client' }, count: 1 },
  ]);
});

function groupsOf(sockets: readonly PlainSocket[], keys: readonly GroupKey[]) {
  const counter = new GroupCounter(keys, {
    processOf: (socket) => {
      const holder = socket instanceof StoredSocket ? socket.process : undefined;
      return holder && `${holder.pid}/${holder.name}`;
    },
  });
  storedSockets(sockets).each((socket) => counter.add(socket));
  return counter.groups();
}
