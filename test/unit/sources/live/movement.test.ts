import { describe, expect, it } from 'vitest';
import { parseSockstat } from '../../../../src/procfs/sockstat.ts';
import { movementSince } from '../../../../src/sources/live/movement.ts';

const sockstat = parseSockstat('TCP: inuse 3 orphan 0 tw 2 alloc 10 mem 1\nUDP: inuse 1 mem 0\n', '');
const counters = { TcpActiveOpens: 5, TcpPassiveOpens: 4, TcpAttemptFails: 0, TcpCurrEstab: 3, TcpInSegs: 100 };
const before = { counters, sockstat };

describe('movementSince', () => {
  it('none where nothing moved', () => {
    expect(movementSince(before, { counters: { ...counters }, sockstat: { ...sockstat } })).toBe('none');
  });

  it.each(['TcpActiveOpens', 'TcpPassiveOpens', 'TcpAttemptFails', 'TcpCurrEstab', 'TcpEstabResets'])(
    'connections where %s moved',
    (name) => {
      expect(movementSince(before, { counters: { ...counters, [name]: 9 }, sockstat })).toBe('connections');
    },
  );

  it('connections where sockets were made or closed that no counter knows', () => {
    expect(movementSince(before, { counters, sockstat: { ...sockstat, tcp: 4 } })).toBe('connections');
    expect(movementSince(before, { counters, sockstat: { ...sockstat, udp: 0 } })).toBe('connections');
  });

  it('segments where data came in: a CLOSE_WAIT may be among what it made', () => {
    expect(movementSince(before, { counters: { ...counters, TcpInSegs: 101 }, sockstat })).toBe('segments');
  });
});
