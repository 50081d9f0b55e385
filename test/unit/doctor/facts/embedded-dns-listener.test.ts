import { expect, test } from 'vitest';
import { isEmbeddedDns } from '../../../../src/doctor/listeners/listeners.ts';
import { embeddedDnsListener } from '../../../../src/doctor/rules/facts/embedded-dns-listener.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { type PlainSocket, storedSocket } from '../../../support/plain-socket.ts';
import { judge, listener, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

const udp = tcpSocket({ proto: 'udp', local: '127.0.0.11:40001', peer: '0.0.0.0:0', state: TCP_STATE.CLOSE });
const tcp = listener(40_002, { local: '127.0.0.11:40002', process: { pid: 5, name: 'dockerd' } });
const answered = tcpSocket({ local: '127.0.0.11:40002', peer: '127.0.0.1:50000' });

test('both listeners of dockerd are named with their ports; connections to them and other listeners are not', () => {
  const sockets = [udp, tcp, answered, listener(80)];
  expect(judge(embeddedDnsListener, series([spaceSeries([{ sockets }])]))).toMatchObject([
    {
      rule: 'EMBEDDED_DNS_LISTENER',
      severity: 'info',
      evidence: [{ value: '127.0.0.11:40001' }, { value: '127.0.0.11:40002' }],
    },
  ]);
});

test('look-alike: the same address without a container, or with another program behind it', () => {
  expect(judge(embeddedDnsListener, series([spaceSeries([{ sockets: [udp, tcp] }], { containers: [] })]))).toEqual([]);
  const dnsmasq = listener(53, { local: '127.0.0.11:53', process: { pid: 6, name: 'dnsmasq' } });
  expect(judge(embeddedDnsListener, series([spaceSeries([{ sockets: [dnsmasq] }])]))).toEqual([]);
});

test("a socket is dockerd's by its address, and by its process where that is known", () => {
  const isDockerds = (socket: PlainSocket) => isEmbeddedDns(storedSocket(socket));
  expect([udp, tcp, answered].every(isDockerds)).toBe(true);
  expect(isDockerds(listener(80, { local: '127.0.0.1:80' }))).toBe(false);
  expect(isDockerds(listener(53, { local: '127.0.0.11:53', process: { pid: 6, name: 'dnsmasq' } }))).toBe(false);
});
