import { describe, expect, it } from 'vitest';
import { listenerOwners } from '../../../src/count/listener-owners.ts';
import { TCP_STATE } from '../../../src/model/socket/tcp-state.ts';
import { type PlainSocket, storedSocket, storedSockets } from '../../support/plain-socket.ts';
import { listener as listening, tcpSocket } from '../../support/series.ts';

const listener = (port: number, inode: number) => listening(port, { inode });
const timeWait = (port: number) =>
  storedSocket(tcpSocket({ state: TCP_STATE.TIME_WAIT, inode: 0, local: `10.0.0.2:${port}`, peer: '10.0.0.9:50000' }));

function ownersOf(listeners: readonly [PlainSocket, string | undefined][]) {
  const owners = new Map(listeners.map(([{ inode }, owner]) => [inode, owner]));
  return listenerOwners(storedSockets(listeners.map(([socket]) => socket)), ({ inode }) => owners.get(inode));
}

describe('the owner of a listener on the port of a socket', () => {
  it('is that of the only one', () => {
    const owners = ownersOf([
      [listener(80, 1), 'web'],
      [listener(81, 2), 'api'],
    ]);
    expect([owners.of(timeWait(80)), owners.of(timeWait(81)), owners.of(timeWait(82))]).toEqual([
      'web',
      'api',
      undefined,
    ]);
  });

  it('is nobody where several listen, unless they are of one owner', () => {
    expect(
      ownersOf([
        [listener(80, 1), 'web'],
        [listener(80, 2), 'web'],
      ]).of(timeWait(80)),
    ).toBe('web');
    expect(
      ownersOf([
        [listener(80, 1), 'web'],
        [listener(80, 2), 'api'],
        [listener(80, 3), 'web'],
      ]).of(timeWait(80)),
    ).toBeUndefined();
  });

  it('is nobody where the owner of one listener is not known', () => {
    expect(
      ownersOf([
        [listener(80, 1), 'web'],
        [listener(80, 2), undefined],
      ]).of(timeWait(80)),
    ).toBeUndefined();
  });
});
