import { expect, test } from 'vitest';
import { truncatedLine } from '../../../src/serve/kept/truncated-lines.ts';

test('external addresses of a recording are the first of their network, in columns, lists and sentences', () => {
  expect(
    truncatedLine({
      type: 'ended',
      ends: {
        cookie: [1, 1],
        local: ['10.0.0.2'],
        peer: ['203.0.113.7', '10.0.0.3', '::ffff:198.51.100.9', '2001:db8:1:2::3'],
        peerName: ['host-7.example', 'db', 'host-9.example', null],
        peerPort: [443],
        container: ['203.0.113.7'],
      },
      notes: ['203.0.113.7: not read'],
    }),
  ).toEqual({
    type: 'ended',
    ends: {
      cookie: [1, 1],
      local: ['10.0.0.2'],
      peer: ['203.0.113.0', '10.0.0.3', '::ffff:198.51.100.0', '2001:db8:1::'],
      peerName: [null, 'db', null, null],
      peerPort: [443],
      container: ['203.0.113.7'],
    },
    notes: ['203.0.113.0/24: not read'],
  });
});

test('names of external addresses are left out, those of others stay', () => {
  expect(truncatedLine({ type: 'names', hosts: { '203.0.113.7': 'host-7.example', '10.0.0.3': 'db' } })).toEqual({
    type: 'names',
    hosts: { '10.0.0.3': 'db' },
  });
  expect(truncatedLine({ ends: { peer: ['203.0.113.7'], peerName: ['host-7.example'] } })).toEqual({
    ends: { peer: ['203.0.113.0'] },
  });
  const column = { peer: ['10.0.0.3', '10.0.0.4'], peerName: ['db'] };
  expect(truncatedLine({ ends: column })).toEqual({ ends: column });
});
