import { expect, test } from 'vitest';
import { pathMtu } from '../../../../src/doctor/rules/path/path-mtu.ts';
import { judge, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

/** A connection with ten segments on the way that are sent again, beside another with the same address. */
function beside(queued: number, heardMs: number, retransmits = 5) {
  const info = { lastAckReceivedMs: 9_000, unackedSegments: 10, pathMtuBytes: 1500 };
  const waiting = tcpSocket({ timer: 1, retransmits, sendQueue: queued, cookie: 77, info });
  const fine = tcpSocket({
    cookie: 78,
    local: '10.0.0.2:40001',
    peer: '10.0.0.3:8080',
    info: { lastAckReceivedMs: heardMs },
  });
  return judge(pathMtu, series([spaceSeries([{ sockets: [waiting, fine] }, { sockets: [waiting, fine] }])]));
}

test('full-size segments are not acknowledged, while the same address answers otherwise', () => {
  const [finding] = beside(14_480, 100);
  expect(finding).toMatchObject({ rule: 'PATH_MTU', severity: 'warning', about: 'peer 10.0.0.3:3306' });
  expect(finding?.summary).toContain('14480 bytes on 1 connection, all of them in large segments');
  expect(finding?.fixes[0]?.text).toContain('smaller MTU');
  expect(beside(14_480, 100, 8)).toMatchObject([{ severity: 'critical' }]);
});

test('look-alikes: small segments are lost as well, nothing is heard of the address at all, loss that is repaired', () => {
  expect(beside(2000, 100)).toEqual([]);
  expect(beside(14_480, 9_000)).toEqual([]);
  expect(beside(14_480, 100, 4)).toEqual([]);
});
