import { expect, test } from 'vitest';
import { dockerProxyHop } from '../../../../src/doctor/rules/facts/docker-proxy-hop.ts';
import { container, judge, listener, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

const published = { limits: [], sysctls: {}, published: [{ proto: 'tcp', containerPort: 80, hostPort: 8080 }] };
const web = container({ gateways: ['172.17.0.1'], declared: published });

const fromGateway = (count: number) => [
  listener(80),
  ...Array.from({ length: count }, (_, index) =>
    tcpSocket({ local: '172.17.0.2:80', peer: `172.17.0.1:${40_000 + index}` }),
  ),
];

const inContainer = (count: number, who = web) => spaceSeries([{ sockets: fromGateway(count) }], { containers: [who] });

/** The other ends, held on the host by a process of that name. */
const onHost = (count: number, name: string) =>
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

test('a hundred connections through the proxy are information, one more is a warning', () => {
  expect(judge(dockerProxyHop, series([inContainer(100), onHost(100, 'docker-proxy')]))).toMatchObject([
    {
      rule: 'DOCKER_PROXY_HOP',
      severity: 'info',
      confidence: 'high',
      scope: { kind: 'container', container: 'web' },
      evidence: [{ value: 100 }, { value: 100 }],
      about: 'port 80',
    },
  ]);
  expect(judge(dockerProxyHop, series([inContainer(101), onHost(101, 'docker-proxy')]))).toMatchObject([
    { severity: 'warning' },
  ]);
});

test('without the sockets of the host a published port is the evidence, and the confidence is lower', () => {
  expect(judge(dockerProxyHop, series([inContainer(3)]))).toMatchObject([
    { severity: 'info', confidence: 'medium', evidence: [{ value: 3 }, { value: 'port 80' }] },
  ]);
  expect(judge(dockerProxyHop, series([inContainer(200, container({ gateways: ['172.17.0.1'] }))]))).toEqual([]);
});

test("look-alike: another process of the host that dials the container's own address", () => {
  expect(judge(dockerProxyHop, series([inContainer(200), onHost(200, 'prometheus')]))).toEqual([]);
});

test('look-alike: clients with addresses of their own', () => {
  const sockets = [listener(80), tcpSocket({ local: '172.17.0.2:80', peer: '172.17.0.9:40000' })];
  expect(judge(dockerProxyHop, series([spaceSeries([{ sockets }], { containers: [web] })]))).toEqual([]);
});
