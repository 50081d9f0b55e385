import { describe, expect, it } from 'vitest';
import { parseSockstat } from '../../../../src/procfs/sockstat.ts';
import { movementSince } from '../../../../src/sources/live/movement.ts';

const sockstat = parseSockstat('TCP: inuse 3 orphan 0 tw 2 alloc 10 mem 1\nUDP: inuse 1 mem 0\n', '');
const counters = { TcpActiveOpens: 5, TcpPassiveOpens: 4, TcpAttemptFails: 0, TcpCurrEstab: 3, TcpInSegs: 100 };
const before = { counters, sockstat };

describe('movementSince', () => {
  it('none where nothing changed', () => {
    expect(movementSince(before, { counters: { ...counters }, sockstat: { ...sockstat } })).toBe('none');
  });

  it.each(['TcpActiveOpens', 'TcpPassiveOpens', 'TcpAttemptFails', 'TcpCurrEstab', 'TcpEstabResets'])(
    'connections where %s changed',
    (name) => {
      expect(movementSince(before, { counters: { ...counters, [name]: 9 }, sockstat })).toBe('connections');
    },
  );

  it('connections where sockets were opened or closed that no counter shows', () => {
    expect(movementSince(before, { counters, sockstat: { ...sockstat, tcp: 4 } })).toBe('connections');
    expect(movementSince(before, { counters, sockstat: { ...sockstat, udp: 0 } })).toBe('connections');
  });

  it('segments where data was received, which may have made a CLOSE_WAIT', () => {
    expect(movementSince(before, { counters: { ...counters, TcpInSegs: 101 }, sockstat })).toBe('segments');
  });
});
