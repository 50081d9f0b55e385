import { expect, test } from 'vitest';
import { sharedNetns } from '../../../../src/doctor/rules/facts/shared-netns.ts';
import type { WatchedContainer } from '../../../../src/model/netns/netns.ts';
import { container, judge, series, spaceSeries } from '../../../support/series.ts';

const [web, sidecar] = [container(), container({ name: 'sidecar' })];
const pauses: [string, WatchedContainer][] = [
  ['of an ECS task', container({ labels: { 'com.amazonaws.ecs.container-name': '~internal~ecs~pause' } })],
  ['of a pod under Docker', container({ labels: { 'io.kubernetes.docker.type': 'podsandbox' } })],
  ['of a pod under containerd', container({ labels: { 'io.cri-containerd.kind': 'sandbox' } })],
];

const sharedBy = (...containers: WatchedContainer[]) => series([spaceSeries([{}], { name: 'pod', containers })]);

test('two containers in one namespace are a fact about the namespace, with its inode number', () => {
  expect(judge(sharedNetns, sharedBy(web, sidecar))).toMatchObject([
    {
      rule: 'SHARED_NETNS',
      severity: 'info',
      scope: { kind: 'namespace', name: 'pod' },
      summary: expect.stringContaining('web and sidecar share'),
      evidence: [{ value: 2 }, { value: 4026532000 }],
    },
  ]);
});

test.each(pauses)('the pause container %s is not counted', (_of, pause) => {
  expect(judge(sharedNetns, sharedBy(pause, web))).toEqual([]);
  expect(judge(sharedNetns, sharedBy(pause, web, sidecar))).toMatchObject([{ evidence: [{ value: 2 }, {}] }]);
});

test('look-alike: one container alone, and containers on the network of the host', () => {
  expect(judge(sharedNetns, sharedBy(web))).toEqual([]);
  expect(judge(sharedNetns, series([spaceSeries([{}], { host: true, containers: [web, sidecar] })]))).toEqual([]);
});
