import { expect, test } from 'vitest';
import { loopbackListener } from '../../../../src/doctor/rules/client/loopback-listener.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { container, judge, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

const published = [
  { proto: 'tcp', containerPort: 8080, hostPort: 80 },
  { proto: 'tcp', containerPort: 9000 },
];
const web = container({ declared: { limits: [], sysctls: {}, published } });

function listening(...locals: string[]) {
  const sockets = locals.map((local) => tcpSocket({ local, peer: '0.0.0.0:0', state: TCP_STATE.LISTEN }));
  return spaceSeries([{ sockets }, { sockets }], { containers: [web] });
}

test('a published port at the loopback address only is a warning', () => {
  expect(judge(loopbackListener, series([listening('127.0.0.1:8080')]))).toMatchObject([
    { rule: 'LOOPBACK_LISTENER', severity: 'warning', confidence: 'high', about: 'port 8080', scope: { name: 'web' } },
  ]);
});

test('nobody on a published port is a warning, less sure', () => {
  expect(judge(loopbackListener, series([listening('0.0.0.0:8081')]))).toMatchObject([{ confidence: 'medium' }]);
});

test('look-alikes: all addresses, the address of the container, both', () => {
  expect(judge(loopbackListener, series([listening('0.0.0.0:8080')]))).toEqual([]);
  expect(judge(loopbackListener, series([listening('172.17.0.2:8080')]))).toEqual([]);
  expect(judge(loopbackListener, series([listening('127.0.0.1:8080', '172.17.0.2:8080')]))).toEqual([]);
});

test('look-alike: a port that is exposed and not published', () => {
  const exposed = container({ declared: { limits: [], sysctls: {}, published: published.slice(1) } });
  const namespace = listening('127.0.0.1:9000');
  expect(
    judge(loopbackListener, series([{ ...namespace, namespace: { ...namespace.namespace, containers: [exposed] } }])),
  ).toEqual([]);
});

test('look-alike: a listener that comes up while we look', () => {
  const { samples } = listening('0.0.0.0:8080');
  const namespace = listening();
  const starting = { ...namespace, samples: [...namespace.samples, ...samples] };
  expect(judge(loopbackListener, series([starting]))).toEqual([]);
});

test('one look is too few', () => {
  const namespace = listening('127.0.0.1:8080');
  expect(judge(loopbackListener, series([{ ...namespace, samples: namespace.samples.slice(0, 1) }]))).toEqual([]);
});

test('where nothing listens, the port that the container does listen on is named', () => {
  const [finding] = judge(loopbackListener, series([listening('0.0.0.0:3000', '127.0.0.1:9229')]));
  expect(finding?.summary).toContain('nothing listens there: it listens on 3000');
  expect(finding?.fixes).toMatchObject([{ where: 'the port mapping', snippet: '-p 80:3000' }]);
  const [several] = judge(loopbackListener, series([listening('0.0.0.0:3000', '0.0.0.0:4000')]));
  expect(several?.fixes[0]?.snippet).toBeUndefined();
  const [none] = judge(loopbackListener, series([listening('127.0.0.1:9229')]));
  expect(none?.fixes[0]).toMatchObject({ where: 'the application' });
});
