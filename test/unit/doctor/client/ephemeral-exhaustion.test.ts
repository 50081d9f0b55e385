import { expect, test } from 'vitest';
import { ephemeralExhaustion } from '../../../../src/doctor/rules/client/ephemeral-exhaustion.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { container, judge, series, spaceSeries, tcpSocket, tcpSockets } from '../../../support/series.ts';

const ten = { 'net.ipv4.ip_local_port_range': '40000\t40009' };

function taken(sockets: ReturnType<typeof tcpSockets>, sysctls: Record<string, string> = ten) {
  return judge(ephemeralExhaustion, series([spaceSeries([{ sockets }], {}, sysctls)]));
}

test('seven of ten ports are a warning, nine critical, six nothing', () => {
  expect(taken(tcpSockets(6))).toEqual([]);
  expect(taken(tcpSockets(7))).toMatchObject([{ severity: 'warning', about: 'peer 10.0.0.3:3306' }]);
  expect(taken(tcpSockets(9))).toMatchObject([{ severity: 'critical' }]);
});

test('TIME_WAIT takes ports as well, and the fix says so', () => {
  const [finding] = taken([...tcpSockets(2), ...tcpSockets(9, { state: TCP_STATE.TIME_WAIT }).slice(2)]);
  expect(finding).toMatchObject({ severity: 'critical' });
  expect(finding?.fixes[0]?.text).toContain('TIME_WAIT');
});

test.each([
  ['1', '10.0.0.3:3306', 0],
  ['2', '10.0.0.3:3306', 1],
  ['2', '127.0.0.1:3306', 0],
  ['0', '127.0.0.1:3306', 1],
])('look-alike: with tcp_tw_reuse at %s ports in TIME_WAIT to %s can be taken again', (reuse, peer, found) => {
  const waiting = tcpSockets(9, { state: TCP_STATE.TIME_WAIT, peer });
  expect(taken(waiting, { ...ten, 'net.ipv4.tcp_tw_reuse': reuse })).toHaveLength(found);
  // Those of open connections cannot.
  expect(taken(tcpSockets(9, { peer }), { ...ten, 'net.ipv4.tcp_tw_reuse': reuse })).toHaveLength(1);
});

test('reserved ports are not to be had', () => {
  const sysctls = { ...ten, 'net.ipv4.ip_local_reserved_ports': '8080,40005-40009' };
  expect(taken(tcpSockets(5), sysctls)).toMatchObject([{ severity: 'critical' }]);
});

test('look-alike: as many connections, to two destinations', () => {
  expect(taken([...tcpSockets(6), ...tcpSockets(6, { peer: '10.0.0.3:3307' })])).toEqual([]);
});

test('look-alike: a server with many clients uses one port', () => {
  const listener = tcpSocket({ local: '10.0.0.2:40001', peer: '0.0.0.0:0', state: TCP_STATE.LISTEN });
  const accepted = Array.from({ length: 30 }, (_, index) =>
    tcpSocket({ local: '10.0.0.2:40001', peer: `10.0.0.3:${50_000 + index}` }),
  );
  expect(taken([listener, ...accepted])).toEqual([]);
});

test('the default range is not exhausted by a thousand', () => {
  expect(taken(tcpSockets(1000), { 'net.ipv4.ip_local_port_range': '32768\t60999' })).toEqual([]);
});

test('the fix is one of the platform', () => {
  const labels = { 'com.amazonaws.ecs.task-definition-family': 'web', 'com.amazonaws.ecs.container-name': 'app' };
  const namespace = spaceSeries([{ sockets: tcpSockets(9) }], { containers: [container({ labels })] }, ten);
  const [finding] = judge(ephemeralExhaustion, series([namespace]));
  expect(finding?.fixes.some(({ snippet }) => snippet?.includes('"systemControls"'))).toBe(true);
});

test('ports of open connections: a proxy needs more addresses, others fewer connections; reuse helps neither', () => {
  const of = (name: string) => taken(tcpSockets(9, { holders: [{ pid: 7, name }] }))[0]?.fixes;
  expect(of('nginx')?.[0]).toMatchObject({ where: 'nginx', snippet: expect.stringContaining('server HOST:PORT2') });
  expect(of('haproxy')?.[0]).toMatchObject({ where: 'haproxy.cfg' });
  expect(of('envoy')?.[0]).toMatchObject({ where: 'the network' });
  expect(of('node')?.[0]).toMatchObject({ where: 'the application' });
  for (const name of ['nginx', 'envoy', 'node']) {
    expect(of(name)?.filter(({ snippet = '' }) => snippet.includes('tcp_tw_reuse'))).toEqual([]);
    expect(of(name)?.filter(({ where }) => where === 'the network')).toHaveLength(1);
  }
});
