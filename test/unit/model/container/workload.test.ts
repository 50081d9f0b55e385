import { describe, expect, test } from 'vitest';
import { serviceOf } from '../../../../src/model/container/service.ts';
import { withShownNames } from '../../../../src/model/container/shown-names.ts';
import { workloadOf } from '../../../../src/model/container/workload.ts';

const inPod = (pod: string, labels: Record<string, string> = {}, container = 'app') => ({
  labels: {
    'io.kubernetes.pod.namespace': 'shop',
    'io.kubernetes.pod.name': pod,
    'io.kubernetes.container.name': container,
    ...labels,
  },
});

describe('the controller of a pod', () => {
  // Names and labels as kubectl shows them.
  test.each([
    ['webhook-7c9d8b6f5d-x2x4f', { 'pod-template-hash': '7c9d8b6f5d' }, 'Deployment', 'webhook'],
    // A hash shorter than usual, and a name that was cut so that the hash is not in it.
    ['webhook-6c8b-x2x4f', { 'pod-template-hash': '6c8b' }, 'Deployment', 'webhook'],
    ['a-very-long-name-7c9dx2x4f', { 'pod-template-hash': '7c9d8b6f5d' }, 'Deployment', 'a-very-long-name-7c9dx2x4f'],
    [
      'db-10',
      { 'statefulset.kubernetes.io/pod-name': 'db-10', 'controller-revision-hash': 'db-5f4' },
      'StatefulSet',
      'db',
    ],
    [
      'kube-proxy-x2x4f',
      { 'controller-revision-hash': '5d8c7b', 'pod-template-generation': '1' },
      'DaemonSet',
      'kube-proxy',
    ],
    ['import-x2x4f', { 'batch.kubernetes.io/job-name': 'import', 'job-name': 'import' }, 'Job', 'import'],
    ['import-3-x2x4f', { 'job-name': 'import' }, 'Job', 'import'],
    ['backup-29123456-x2x4f', { 'job-name': 'backup-29123456' }, 'CronJob', 'backup'],
    // Without labels of its controller.
    ['webhook-7c9d8b6f5d-x2x4f', {}, 'Deployment', 'webhook'],
    ['backup-29123456-x2x4f', {}, 'CronJob', 'backup'],
    ['node-exporter-x2x4f', {}, 'pods', 'node-exporter'],
    ['db-10', {}, 'pods', 'db'],
  ])('%s %o', (pod, labels, kind, name) => {
    expect(workloadOf(inPod(pod, labels))).toEqual({ kind, name });
  });

  test('a pod of its own has none: its last word has a vowel, which generated names never have', () => {
    for (const pod of ['redis', 'redis-cache', 'web-proxy', 'etcd-control-plane', 'my-shell-12ab5'])
      expect([pod, workloadOf(inPod(pod))]).toEqual([pod, undefined]);
    expect(workloadOf({ labels: {} })).toBeUndefined();
  });

  test('the same container of two pods of a Deployment is one service, during a rollout too; another container is another', () => {
    const key = (...args: Parameters<typeof inPod>) => serviceOf(inPod(...args))?.key;
    const old = key('webhook-7c9d8b6f5d-x2x4f', { 'pod-template-hash': '7c9d8b6f5d' });
    expect(key('webhook-5b4c9d8f7c-bcdfg', { 'pod-template-hash': '5b4c9d8f7c' })).toBe(old);
    expect(key('webhook-7c9d8b6f5d-x2x4f', {}, 'proxy')).not.toBe(old);
    expect(key('webhook-admin-7c9d8b6f5d-x2x4f')).not.toBe(old);
    expect(serviceOf(inPod('webhook-7c9d8b6f5d-x2x4f'))).toMatchObject({
      short: 'webhook',
      name: 'Deployment shop/webhook, container app',
    });
  });
});

describe('the name by which a container is shown', () => {
  const ofTask = (id: string, task: string, container = 'receiver') => ({
    id,
    name: `ecs-hooks-7-${container}-${id}`,
    labels: {
      'com.amazonaws.ecs.task-arn': `arn:aws:ecs:eu-west-1:1:task/prod/${task}`,
      'com.amazonaws.ecs.task-definition-family': 'hooks',
      'com.amazonaws.ecs.container-name': container,
    },
  });
  const names = (...args: Parameters<typeof withShownNames>) => withShownNames(...args).map(({ name }) => name);

  test('ECS: FAMILY/CONTAINER, and the name of the Engine beside it', () => {
    expect(withShownNames([ofTask('a1', '4b1d3ab4f9f0')])).toMatchObject([
      { name: 'hooks/receiver', runtimeName: 'ecs-hooks-7-receiver-a1' },
    ]);
  });

  test('two tasks of a family are distinguished by the task; one that was shown keeps its name', () => {
    const [first, second] = [ofTask('a1', '4b1d3ab4f9f0'), ofTask('b2', '77aa3ab4f9f0')];
    expect(names([first, second])).toEqual(['hooks/receiver/4b1d3ab4', 'hooks/receiver/77aa3ab4']);
    const known = new Map([['a1', 'hooks/receiver']]);
    expect(names([first, second], known)).toEqual(['hooks/receiver', 'hooks/receiver/77aa3ab4']);
    // The first was stopped: the second keeps its name too.
    expect(names([second], new Map([['b2', 'hooks/receiver/77aa3ab4']]))).toEqual(['hooks/receiver/77aa3ab4']);
    // While no runtime answered, it was shown by its id.
    expect(names([first], new Map([['a1', 'a1']]))).toEqual(['hooks/receiver']);
  });

  test('a pause container and one without such labels keep the name of the Engine', () => {
    const pause = ofTask('c3', '4b1d', '~internal~ecs~pause');
    const plain = { id: 'd4', name: 'web', labels: {} };
    expect(withShownNames([pause, plain])).toEqual([pause, plain]);
  });

  test('Kubernetes on Docker: NAMESPACE/POD/CONTAINER', () => {
    const name = 'k8s_app_web-0_shop_6f4c_0';
    expect(withShownNames([{ id: 'e5', name, ...inPod('web-0') }])).toMatchObject([
      { name: 'shop/web-0/app', runtimeName: name },
    ]);
  });
});
