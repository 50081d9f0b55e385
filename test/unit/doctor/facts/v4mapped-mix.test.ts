import { expect, test } from 'vitest';
import { v4mappedMix } from '../../../../src/doctor/rules/facts/v4mapped-mix.ts';
import type { PlainSocket } from '../../../support/plain-socket.ts';
import { judge, listener, mapped, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

const client = tcpSocket({ local: '127.0.0.1:50000', peer: '127.0.0.1:8080' });
const served = mapped(tcpSocket({ local: '127.0.0.1:8080', peer: '127.0.0.1:50000' }));
const seen = (...sockets: PlainSocket[]) => series([spaceSeries([{ sockets }])]);

test('one service in both tables is a fact about its port, with the number of sockets in each', () => {
  const dualStack = mapped(listener(8080));
  expect(judge(v4mappedMix, seen(dualStack, client, served))).toMatchObject([
    { rule: 'V4MAPPED_MIX', severity: 'info', about: 'port 8080', evidence: [{ value: 1 }, { value: 1 }] },
  ]);
});

test('a server elsewhere that is reached in both ways is a fact about that peer', () => {
  const [plain, other] = [tcpSocket(), mapped(tcpSocket({ local: '10.0.0.2:40001' }))];
  expect(judge(v4mappedMix, seen(plain, plain, other))).toMatchObject([
    { about: 'peer 10.0.0.3:3306', evidence: [{ value: 2 }, { value: 1 }] },
  ]);
});

test('look-alike: each way alone, and two services', () => {
  expect(judge(v4mappedMix, seen(client))).toEqual([]);
  expect(judge(v4mappedMix, seen(served))).toEqual([]);
  expect(judge(v4mappedMix, seen(tcpSocket(), mapped(tcpSocket({ peer: '10.0.0.4:3306' }))))).toEqual([]);
});
