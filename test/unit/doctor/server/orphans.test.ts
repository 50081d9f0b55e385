import { expect, test } from 'vitest';
import { orphans } from '../../../../src/doctor/rules/server/orphans.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { judge, START_MS, series, spaceSeries, tcpSockets } from '../../../support/series.ts';

const host = (count: number) => [{ atMs: START_MS, orphans: count, maxOrphans: 8192 }];

test('half of what the host allows is critical, and tells who holds them', () => {
  const namespace = spaceSeries([{ sockets: tcpSockets(7, { state: TCP_STATE.FIN_WAIT1, inode: 0 }) }]);
  const [finding] = judge(orphans, series([namespace], { host: host(4096) }));
  expect(finding).toMatchObject({ rule: 'ORPHANS', severity: 'critical', scope: { kind: 'host', target: 'host' } });
  expect(finding?.evidence).toContainEqual({ what: 'of them in web', value: 7, source: 'sock_diag' });
});

test('less is nothing, and so is a host that could not be read', () => {
  expect(judge(orphans, series([spaceSeries([{}])], { host: host(4095) }))).toEqual([]);
  expect(judge(orphans, series([spaceSeries([{}])]))).toEqual([]);
});

test('look-alike: FIN_WAIT2 mini-sockets are not among what the kernel counts', () => {
  const namespace = spaceSeries([{ sockets: tcpSockets(9000, { state: TCP_STATE.FIN_WAIT2, inode: 0, timer: 3 }) }]);
  expect(judge(orphans, series([namespace], { host: host(0) }))).toEqual([]);
});
