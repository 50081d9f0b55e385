import { expect, test } from 'vitest';
import { hostNetwork } from '../../../../src/doctor/rules/facts/host-network.ts';
import { container, judge, series, spaceSeries } from '../../../support/series.ts';

const onHost = (...names: string[]) =>
  series([spaceSeries([{}], { host: true, name: 'host', containers: names.map((name) => container({ name })) })]);

test('one container in the host namespace is a fact about that container', () => {
  expect(judge(hostNetwork, onHost('agent'))).toMatchObject([
    {
      rule: 'HOST_NETWORK',
      severity: 'info',
      scope: { kind: 'container', container: 'agent' },
      evidence: [{ value: 1 }, { value: 4026532000 }],
    },
  ]);
});

test('several are one fact about the host: up to three by name, the rest as a number', () => {
  expect(judge(hostNetwork, onHost('a', 'b', 'c'))).toMatchObject([
    { scope: { kind: 'host' }, summary: expect.stringContaining('a, b and c are in') },
  ]);
  expect(judge(hostNetwork, onHost('a', 'b', 'c', 'd', 'e'))).toMatchObject([
    { evidence: [{ value: 5 }, {}], summary: expect.stringContaining('a, b, c and 2 more are in') },
  ]);
});

test('look-alike: a container in a namespace of its own, and a host without containers', () => {
  expect(judge(hostNetwork, series([spaceSeries([{}])]))).toEqual([]);
  expect(judge(hostNetwork, onHost())).toEqual([]);
});
