import { expect, test } from 'vitest';
import { isEmbeddedDns } from '../../../src/analyze/doctor/embedded-dns.ts';
import { dockerProxyHop } from '../../../src/analyze/doctor/rules/docker-proxy-hop.ts';
import { embeddedDnsListener } from '../../../src/analyze/doctor/rules/embedded-dns-listener.ts';
import { eventLoss } from '../../../src/analyze/doctor/rules/event-loss.ts';
import { hostNetwork } from '../../../src/analyze/doctor/rules/host-network.ts';
import { mptcpDuplicate } from '../../../src/analyze/doctor/rules/mptcp-duplicate.ts';
import { opaqueRuntime } from '../../../src/analyze/doctor/rules/opaque-runtime.ts';
import { sharedNetns } from '../../../src/analyze/doctor/rules/shared-netns.ts';
import { v4mappedMix } from '../../../src/analyze/doctor/rules/v4mapped-mix.ts';
import { TCP_STATE } from '../../../src/model/tcp-state.ts';
import { container, judge, listener, mapped, series, spaceSeries, tcpSocket } from '../../support/series.ts';

test('HOST_NETWORK: containers in the host namespace, by name', () => {
  const containers = ['a', 'b', 'c', 'd', 'e'].map((name) => container({ name }));
  expect(judge(hostNetwork, series([spaceSeries([{}], { host: true, containers })]))).toMatchObject([
    { rule: 'HOST_NETWORK', severity: 'info', summary: expect.stringContaining('a, b, c and 2 more live in') },
  ]);
  expect(judge(hostNetwork, series([spaceSeries([{}])]))).toEqual([]);
  expect(judge(hostNetwork, series([spaceSeries([{}], { host: true, containers: [] })]))).toEqual([]);
});

test('SHARED_NETNS: two containers; a pause container is none', () => {
  const pause = container({ name: 'pause', labels: { 'com.amazonaws.ecs.container-name': '~internal~ecs~pause' } });
  const [web, sidecar] = [container(), container({ name: 'sidecar' })];
  expect(judge(sharedNetns, series([spaceSeries([{}], { containers: [pause, web, sidecar] })]))).toMatchObject([
    { rule: 'SHARED_NETNS', severity: 'info', summary: expect.stringContaining('web and sidecar share') },
  ]);
  expect(judge(sharedNetns, series([spaceSeries([{}], { containers: [pause, web] })]))).toEqual([]);
});

const published = { limits: [], sysctls: {}, published: [{ proto: 'tcp', containerPort: 80, hostPort: 8080 }] };
const web = container({ gateways: ['172.17.0.1'], declared: published });
const fromGateway = (count: number) => [
  listener(80),
  ...Array.from({ length: count }, (_, index) =>
    tcpSocket({ local: '172.17.0.2:80', peer: `172.17.0.1:${40_000 + index}` }),
  ),
];
const hostSide = (count: number, name: string) =>
  spaceSeries(
    [
      {
        sockets: Array.from({ length: count }, (_, index) =>
          tcpSocket({ local: `172.17.0.1:${40_000 + index}`, peer: '172.17.0.2:80', process: { pid: 9, name } }),
        ),
      },
    ],
    { netns: 1, name: 'host', host: true, containers: [] },
  );

test('DOCKER_PROXY_HOP: a hundred connections are information, more a warning', () => {
  const space = (count: number) => spaceSeries([{ sockets: fromGateway(count) }], { containers: [web] });
  expect(judge(dockerProxyHop, series([space(100), hostSide(100, 'docker-proxy')]))).toMatchObject([
    { rule: 'DOCKER_PROXY_HOP', severity: 'info', confidence: 'high', about: 'port 80' },
  ]);
  expect(judge(dockerProxyHop, series([space(101), hostSide(101, 'docker-proxy')]))).toMatchObject([
    { severity: 'warning' },
  ]);
  expect(judge(dockerProxyHop, series([space(3)]))).toMatchObject([{ severity: 'info', confidence: 'medium' }]);
});

test("DOCKER_PROXY_HOP: what a process of the host dials to the container's own address is none", () => {
  const space = spaceSeries([{ sockets: fromGateway(200) }], { containers: [web] });
  expect(judge(dockerProxyHop, series([space, hostSide(200, 'prometheus')]))).toEqual([]);
  const unpublished = container({ gateways: ['172.17.0.1'] });
  expect(
    judge(dockerProxyHop, series([spaceSeries([{ sockets: fromGateway(200) }], { containers: [unpublished] })])),
  ).toEqual([]);
});

test('EMBEDDED_DNS_LISTENER: both listeners of dockerd; a listener of the container is none', () => {
  const udp = tcpSocket({ proto: 'udp', local: '127.0.0.11:40001', peer: '0.0.0.0:0', state: TCP_STATE.CLOSE });
  const tcp = listener(40_002, { local: '127.0.0.11:40002', process: { pid: 5, name: 'dockerd' } });
  expect(judge(embeddedDnsListener, series([spaceSeries([{ sockets: [udp, tcp, listener(80)] }])]))).toMatchObject([
    {
      rule: 'EMBEDDED_DNS_LISTENER',
      severity: 'info',
      evidence: [{ value: '127.0.0.11:40001' }, { value: '127.0.0.11:40002' }],
    },
  ]);
  expect([udp, tcp].every(isEmbeddedDns)).toBe(true);
  expect(isEmbeddedDns(listener(80, { local: '127.0.0.1:80' }))).toBe(false);
  expect(isEmbeddedDns(listener(53, { local: '127.0.0.11:53', process: { pid: 6, name: 'dnsmasq' } }))).toBe(false);
});

test('V4MAPPED_MIX: one service in both families; each alone is none', () => {
  const plain = tcpSocket({ local: '127.0.0.1:50000', peer: '127.0.0.1:8080' });
  const other = mapped(tcpSocket({ local: '127.0.0.1:8080', peer: '127.0.0.1:50000' }));
  const both = [mapped(listener(8080, { local: '0.0.0.0:8080' })), plain, other];
  expect(judge(v4mappedMix, series([spaceSeries([{ sockets: both }])]))).toMatchObject([
    { rule: 'V4MAPPED_MIX', severity: 'info', about: 'port 8080', evidence: [{ value: 1 }, { value: 1 }] },
  ]);
  expect(judge(v4mappedMix, series([spaceSeries([{ sockets: [plain] }])]))).toEqual([]);
  expect(judge(v4mappedMix, series([spaceSeries([{ sockets: [other] }])]))).toEqual([]);
});

test('MPTCP_DUPLICATE: one inode in both tables', () => {
  const twice = [tcpSocket({ inode: 77 }), tcpSocket({ inode: 77, proto: 'mptcp' }), tcpSocket()];
  expect(judge(mptcpDuplicate, series([spaceSeries([{ sockets: twice }])]))).toMatchObject([
    { rule: 'MPTCP_DUPLICATE', severity: 'info', evidence: [{ value: 1 }, { value: 1 }] },
  ]);
  expect(judge(mptcpDuplicate, series([spaceSeries([{ sockets: [tcpSocket(), tcpSocket()] }])]))).toEqual([]);
});

test.each(['kata-runtime', 'io.containerd.kata.v2', 'runsc', 'io.containerd.runsc.v1', 'kata-fc'])(
  'OPAQUE_RUNTIME: %s',
  (ociRuntime) => {
    const seen = series([spaceSeries([{}], { containers: [container({ declared: { ...published, ociRuntime } })] })]);
    expect(judge(opaqueRuntime, seen)).toMatchObject([
      { rule: 'OPAQUE_RUNTIME', severity: 'info', scope: { container: 'web' } },
    ]);
  },
);

test('OPAQUE_RUNTIME: the program that runs a guest; ordinary runtimes and programs are none', () => {
  const process = (name: string) => ({ pid: 8, name, startTicks: 1, used: 3, softLimit: 1024, hardLimit: 1024 });
  const space = (name: string) =>
    series([
      spaceSeries([{ processes: [process(name)] }], {
        containers: [container({ declared: { ...published, ociRuntime: 'runc' } })],
      }),
    ]);
  expect(judge(opaqueRuntime, space('qemu-system-x86'))).toHaveLength(1);
  expect(judge(opaqueRuntime, space('firecracker'))).toHaveLength(1);
  expect(judge(opaqueRuntime, space('nginx'))).toEqual([]);
});

test('EVENT_LOSS: the times that events were lost', () => {
  expect(judge(eventLoss, series([spaceSeries([{ lost: 0 }, { lost: 2 }, { lost: 1 }])]))).toMatchObject([
    { rule: 'EVENT_LOSS', severity: 'info', summary: expect.stringContaining('3 times') },
  ]);
  expect(judge(eventLoss, series([spaceSeries([{ lost: 0 }, {}])]))).toEqual([]);
});
