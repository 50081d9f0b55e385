import { afterEach, describe, expect, test } from 'vitest';
import { dockerRuntimes } from '../../src/runtimes/docker/docker-runtimes.ts';
import { type Runtime, RuntimeError } from '../../src/runtimes/runtime.ts';
import { until } from '../support/netns.ts';
import { type FakeAnswer, type FakeEngine, httpAnswer, startFakeEngine } from './fake-engine.ts';

const ID = '71d919762bb95b397f05e2622ffd2bfdd5c536dfb69a0bdab4557e139678e28a';
const INFRA = '81d919762bb95b397f05e2622ffd2bfdd5c536dfb69a0bdab4557e139678e28a';
const POD = '91d919762bb95b397f05e2622ffd2bfdd5c536dfb69a0bdab4557e139678e28a';

const AS_PODMAN = 'Libpod-Api-Version: 4.3.1\r\nServer: Libpod/4.3.1 (linux)';
const ENGINE_LIST = '/containers/json';
const LIBPOD_LIST = `/v4.0.0/libpod/containers/json?namespace=true&filters=${encodeURIComponent('{"status":["running","paused"]}')}`;

/** As Podman 4.3.1 lists a container. */
const container = (id: string, more: object = {}) => ({
  Id: id,
  Names: ['web'],
  IsInfra: false,
  Labels: null,
  Namespaces: { Net: '4026532247', User: '4026531837' },
  Networks: [],
  Pid: 4242,
  Pod: '',
  PodName: '',
  StartedAt: 1_796_013_294,
  State: 'running',
  ...more,
});

const fakes: FakeEngine[] = [];
afterEach(async () => {
  for (const fake of fakes.splice(0)) await fake.remove();
});

/** A Podman whose libpod answers so. */
async function podman(libpod: FakeAnswer, deadlineMs = 5000): Promise<{ runtime: Runtime; fake: FakeEngine }> {
  const fake = await startFakeEngine({ [ENGINE_LIST]: httpAnswer([], 200, AS_PODMAN), [LIBPOD_LIST]: libpod });
  fakes.push(fake);
  const limits = { header: 64 * 1024, body: 1_000_000 };
  const [runtime] = dockerRuntimes({ DOCKER_HOST: fake.endpoint }, '/nonexistent', { deadlineMs, limits });
  if (runtime === undefined) throw new Error('no runtime');
  return { runtime, fake };
}

async function failure(runtime: Runtime): Promise<RuntimeError> {
  const error = await runtime.list().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof RuntimeError)) throw new Error(`no RuntimeError but ${error}`);
  expect(error.message).not.toMatch(/[^ -~]/);
  expect(error.message.length).toBeLessThan(600);
  return error;
}

describe('answers of libpod', () => {
  test('its list is asked where the header says that Podman answers, and nowhere else', async () => {
    const { runtime, fake } = await podman(httpAnswer([container(ID)], 200, AS_PODMAN));
    expect(await runtime.list()).toMatchObject([{ id: ID, name: 'web', pid: 4242, netns: 4026532247 }]);
    // They arrive through a pipe.
    await until('the questions', () => fake.asked.length === 2);
    expect(fake.asked).toEqual([ENGINE_LIST, LIBPOD_LIST]);
    const docker = await startFakeEngine({ [ENGINE_LIST]: httpAnswer([]) });
    fakes.push(docker);
    const [other] = dockerRuntimes({ DOCKER_HOST: docker.endpoint }, '/nonexistent');
    expect(await other?.list()).toEqual([]);
    await until('the question', () => docker.asked.length > 0);
    expect(docker.asked).toEqual([ENGINE_LIST]);
  });

  test('a pod, its infra container, and who shares a namespace', async () => {
    const pod = { Pod: POD, PodName: 'shop' };
    const list = [
      container(INFRA, { ...pod, IsInfra: true, Names: ['x-infra'], Networks: ['podman'] }),
      container(ID, pod),
    ];
    const { runtime } = await podman(httpAnswer(list, 200, AS_PODMAN));
    expect(await runtime.list()).toMatchObject([
      { id: INFRA, isInfra: true, networkMode: 'bridge', pod: { id: POD, name: 'shop' } },
      {
        id: ID,
        networkMode: `container:${INFRA}`,
        pod: { id: POD, name: 'shop' },
        startedAt: '2026-11-30T04:34:54.000Z',
      },
    ]);
  });

  test('a container that is not running has neither PID nor namespace; a time that is none is absent', async () => {
    const list = [container(ID, { Pid: 0, Namespaces: {}, StartedAt: -62135596800 })];
    const [facts] = await (await podman(httpAnswer(list, 200, AS_PODMAN))).runtime.list();
    for (const absent of ['pid', 'netns', 'startedAt', 'pod', 'isInfra']) expect(facts).not.toHaveProperty(absent);
  });

  test.each<[what: string, answer: FakeAnswer, why: string]>([
    [
      'half a body',
      { pieces: ['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{"Id"'], afterwards: 'reset' },
      'unfinished',
    ],
    ['no list', httpAnswer({ Id: ID }), 'should be an array'],
    ['an id that would be a path', httpAnswer([container('../../x')]), '64 hexadecimal digits'],
    ['a PID in quotes', httpAnswer([container(ID, { Pid: '4242' })]), '[0].Pid should be an integer'],
    ['a namespace that is no number', httpAnswer([container(ID, { Namespaces: { Net: '../1' } })]), 'Namespaces.Net'],
    ['namespaces in a list', httpAnswer([container(ID, { Namespaces: [] })]), '[0].Namespaces should be an object'],
    ['a pod that is an object', httpAnswer([container(ID, { Pod: {} })]), '[0].Pod should be a string'],
    ['names that are numbers', httpAnswer([container(ID, { Names: [7] })]), '[0].Names[0] should be a string'],
    ['labels of numbers', httpAnswer([container(ID, { Labels: { a: 1 } })]), 'should be a string and is 1'],
    ['a failure', httpAnswer({ message: 'storage\u001b[31m' }, 500), 'status 500 (storage?[31m)'],
    ['more than is read', httpAnswer([container(ID, { Image: 'x'.repeat(2_000_000) })]), 'longer than 1000000 bytes'],
  ])('%s', async (_what, answer, why) => {
    const error = await failure((await podman(answer)).runtime);
    expect(error.kind).toBe('nonsense');
    expect(error.message).toContain(why);
  });

  test.each<FakeAnswer['afterwards']>(['hang', 'drip'])('a list that never ends (%s)', async (afterwards) => {
    const pieces = ['HTTP/1.1 200 OK\r\n\r\n['];
    expect((await failure((await podman({ pieces, afterwards }, 300)).runtime)).kind).toBe('silent');
  });
});
