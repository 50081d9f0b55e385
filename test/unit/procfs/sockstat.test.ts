import { expect, test } from 'vitest';
import { parseSockstat } from '../../../src/procfs/sockstat.ts';

const TEXT = `sockets: used 290
TCP: inuse 5 orphan 0 tw 13 alloc 25 mem 1
UDP: inuse 2 mem 0
UDPLITE: inuse 3
RAW: inuse 1
FRAG: inuse 9 memory 7
`;
const TEXT6 = `TCP6: inuse 4
UDP6: inuse 6
UDPLITE6: inuse 0
RAW6: inuse 8
FRAG6: inuse 0 memory 0
`;

test('each number is that of its own row', () => {
  expect(parseSockstat(TEXT, TEXT6)).toEqual({
    ...{ tcp: 5, timeWait: 13, udp: 2, udplite: 3, raw: 1 },
    ...{ tcp6: 4, udp6: 6, udplite6: 0, raw6: 8 },
  });
});

test('a row or a number that is not there is 0, whatever other rows have', () => {
  const none = { tcp: 0, tcp6: 0, timeWait: 0, udp: 0, udp6: 0, udplite: 0, udplite6: 0, raw: 0, raw6: 0 };
  expect(parseSockstat('', '')).toEqual(none);
  expect(parseSockstat('TCP: inuse 1\nFRAG: tw 7\n', '')).toEqual({ ...none, tcp: 1 });
  expect(parseSockstat('FRAG: inuse 1\nTCP:', 'XTCP6: inuse 3\n')).toEqual(none);
});
