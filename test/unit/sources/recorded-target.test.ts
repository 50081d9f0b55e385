import { describe, expect, it } from 'vitest';
import type { WatchedContainer } from '../../../src/model/netns/netns.ts';
import { recordedTargets } from '../../../src/sources/recorded/recorded-target.ts';
import type { NetnsTick } from '../../../src/sources/sample-source.ts';

function container(name: string, id: string, pid: number): WatchedContainer {
  return { name, id, pid, runtime: 'docker', labels: {}, addresses: [] };
}

const web = container('web', 'aa11', 10);
const sidecar = container('sidecar', 'bb22', 11);
const db = container('db', 'cc33', 12);

function tick(netns: number, name: string, containers: readonly WatchedContainer[], targets: string[]): NetnsTick {
  const processes =
    containers.length > 0 ? [] : [{ pid: 77, name: 'x', startTicks: 1, used: 1, softLimit: 1, hardLimit: 1 }];
  return { namespace: { netns, name, targets, host: false, containers }, processes, lost: 0 };
}

const namespaces = [
  tick(1, 'web,sidecar', [sidecar, web], ['web', 'sidecar']),
  tick(2, 'db', [db], ['netns:store', 'pid:12']),
  tick(3, 'netns:bare', [], ['netns:bare']),
];

const resolved = (text: string | undefined, wholeNetns = false) => recordedTargets(text, namespaces, wholeNetns);
const found = (text: string | undefined) => resolved(text).map(({ target }) => target);

describe('a TARGET of a recording', () => {
  it('is a container by name, id prefix or runtime, in a shared namespace by its own name', () => {
    const asked = { name: 'web', runtime: 'docker', id: 'aa11', pid: 10, netns: 1 };
    for (const text of ['web', 'aa11', 'docker:web', 'web,web']) expect(found(text)).toEqual([asked]);
  });

  it('is a namespace or a process as it was typed, whatever containers it has', () => {
    expect(found('netns:store')).toEqual([{ name: 'netns:store', runtime: 'netns', pid: 12, netns: 2 }]);
    expect(found('pid:12')).toEqual([{ name: 'pid:12', runtime: 'pid', pid: 12, netns: 2 }]);
    expect(found('netns:bare')).toEqual([{ name: 'netns:bare', runtime: 'netns', pid: 77, netns: 3 }]);
  });

  it('means the sockets of its container in a shared namespace, those of the namespace for all of them', () => {
    expect(resolved('web').map(({ scope }) => scope)).toEqual([['aa11']]);
    expect(resolved('w*b').map(({ scope }) => scope)).toEqual([['aa11']]);
    expect(resolved('web', true).map(({ scope }) => scope)).toEqual([undefined]);
    expect(resolved('sidecar,web').map(({ scope }) => scope)).toEqual([undefined]);
    expect(resolved('db').map(({ scope }) => scope)).toEqual([undefined]);
  });

  it('is a namespace once, however many of its containers are named', () => {
    expect(found('sidecar,web').map(({ name }) => name)).toEqual(['sidecar,web']);
    expect(found('all').map(({ name }) => name)).toEqual(['sidecar,web', 'db', 'netns:bare']);
    expect(found(undefined).map(({ name }) => name)).toEqual(['web,sidecar', 'db', 'netns:bare']);
  });

  it('is each container of a Compose service or an ECS family, by its labels', () => {
    const labelled = (one: WatchedContainer, labels: Record<string, string>) => ({ ...one, labels });
    const compose = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' };
    const ecs = {
      'com.amazonaws.ecs.task-definition-family': 'hooks',
      'com.amazonaws.ecs.container-name': 'db',
      'com.amazonaws.ecs.task-arn': 'arn:aws:ecs:eu-west-1:1:task/prod/4b1d',
    };
    const spaces = [
      tick(1, 'web,sidecar', [sidecar, labelled(web, compose)], []),
      tick(2, 'db', [labelled(db, ecs)], []),
      tick(3, 'web-2', [labelled(container('web-2', 'dd44', 13), compose)], []),
    ];
    const meant = (text: string) =>
      recordedTargets(text, spaces, false).map(({ target, scope }) => [target.name, scope]);
    const both = [
      ['web', ['aa11']],
      ['web-2', undefined],
    ];
    for (const text of ['compose:shop', 'compose:shop/web', 'compose:sh*/w?b']) expect(meant(text)).toEqual(both);
    for (const text of ['ecs:hooks', 'ecs:hooks/db', 'ecs:4b1d', 'ecs:4b1d/db'])
      expect(meant(text)).toEqual([['db', undefined]]);
    for (const text of ['compose:shop/we', 'compose:web', 'ecs:shop', 'compose:hooks/db'])
      expect(meant(text)).toEqual([]);
  });
});
