/** The adapter for CRI on answers made by hand: CRI-O's, by its documented formats, and hostile ones. */
import { afterEach, describe, expect, test } from 'vitest';
import { CriRuntime } from '../../../src/runtimes/containerd/cri-runtime.ts';
import { GRPC_LIMITS, type GrpcLimits } from '../../../src/runtimes/containerd/grpc.ts';
import { RuntimeError } from '../../../src/runtimes/runtime.ts';
import { type Answer, bytes, framed, grpcServer, messages, status } from '../../support/runtimes/grpc-server.ts';
import { encoded, mapFields, type WireField } from '../../support/runtimes/protobuf.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const POD = 'a'.repeat(64);
const ID = 'b'.repeat(64);
const LABELS = {
  'io.kubernetes.pod.name': 'shop-1',
  'io.kubernetes.pod.namespace': 'prod',
  'io.kubernetes.pod.uid': '4d1c',
};

// Field numbers of https://github.com/kubernetes/cri-api/blob/master/pkg/apis/runtime/v1/api.proto.
const version = (name = 'cri-o') => messages(encoded([1, '0.1.0'], [2, name], [3, '1.30.4'], [4, 'v1']));
const sandbox = (id = POD, name = 'shop-1'): WireField => [
  1,
  encoded(
    [1, id],
    [2, encoded([1, name], [2, '4d1c'], [3, 'prod'], [4, 0])],
    [3, 0],
    [4, 1_700_000_000n * 10n ** 9n],
    ...mapFields(5, { ...LABELS, app: 'shop' }),
  ),
];
const container = ({ id = ID, name = 'web', attempt = 0, state = 1 } = {}): WireField => [
  1,
  encoded(
    [1, id],
    [2, POD],
    [3, encoded([1, name], [2, attempt])],
    [4, encoded([1, 'registry/shop:3'])],
    [6, state],
    [7, 1_700_000_000n * 10n ** 9n],
    ...mapFields(8, { ...LABELS, 'io.kubernetes.container.name': name }),
    ...mapFields(9, { 'io.kubernetes.cri-o.ContainerType': 'container' }),
  ),
];
const sandboxStatus = (ip: string, network = 0) =>
  messages(
    encoded([
      1,
      encoded(
        [1, POD],
        [3, 0],
        [5, encoded([1, ip], [2, encoded([1, 'fd00::7'])])],
        [6, encoded([1, encoded([2, encoded([1, network])])])],
      ),
    ]),
  );
/** What CRI-O's verbose answer has, server/container_status.go: no runtime type, and a specification. */
const INFO = {
  sandboxID: POD,
  pid: 4711,
  privileged: false,
  runtimeSpec: {
    process: {
      args: ['shop', '--serve'],
      env: ['PASSWORD=hunter2'],
      rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 4096 }],
    },
    linux: { resources: { pids: { limit: 512 } }, sysctl: { 'net.core.somaxconn': '128' } },
  },
};
const containerStatus = (info: string) =>
  messages(
    encoded(
      [1, encoded([1, ID], [3, 1], [4, 1n], [5, 1_700_000_001n * 10n ** 9n], [8, encoded([1, 'registry/shop:3'])])],
      ...mapFields(2, { info }),
    ),
  );

const ANSWERS: Readonly<Record<string, Answer>> = {
  Version: version(),
  ListPodSandbox: messages(encoded(sandbox())),
  ListContainers: messages(encoded(container())),
  PodSandboxStatus: sandboxStatus('10.85.0.7'),
  ContainerStatus: containerStatus(JSON.stringify(INFO)),
};

async function runtimeWith(answers: Readonly<Record<string, Answer>>, limits: Partial<GrpcLimits> = {}) {
  const server = await grpcServer({ ...ANSWERS, ...answers });
  open.push(server);
  return { runtime: new CriRuntime('cri-o', server.socket, { ...GRPC_LIMITS, ...limits }), server };
}

describe('CRI-O, by its documented formats', () => {
  test('a container has its pod, labels and addresses; a pod without a pause process is one', async () => {
    const { runtime } = await runtimeWith({});
    expect(await runtime.list()).toMatchObject([
      { runtime: 'cri-o', id: POD, isInfra: true },
      {
        runtime: 'cri-o',
        id: ID,
        name: 'prod/shop-1/web',
        labels: { app: 'shop' },
        pod: { id: POD, name: 'shop-1', namespace: 'prod', uid: '4d1c', container: 'web', attempt: 0 },
        addresses: [{ address: '10.85.0.7' }, { address: 'fd00::7' }],
      },
    ]);
    expect(await runtime.version()).toBe('1.30.4');
  });

  test('its verbose status tells process, command and limits; nothing of the environment is kept', async () => {
    const { runtime } = await runtimeWith({});
    const found = await runtime.find('prod/shop-1/web');
    expect(found).toMatchObject([
      {
        running: true,
        pid: 4711,
        command: ['shop', '--serve'],
        limits: [{ name: 'nofile', soft: 1024, hard: 4096 }],
        pidsLimit: 512,
        sysctls: { 'net.core.somaxconn': '128' },
        image: 'registry/shop:3',
        startedAt: '2023-11-14T22:13:21.000Z',
      },
    ]);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });

  test("on the host's network the host's address, which it tells, is not the pod's", async () => {
    const { runtime } = await runtimeWith({ PodSandboxStatus: sandboxStatus('192.0.2.1', 2) });
    expect((await runtime.list())[1]).toMatchObject({ networkMode: 'host', addresses: [] });
  });

  test('without events there is none to follow', async () => {
    const { runtime } = await runtimeWith({});
    await new Promise<void>((resolve) => {
      const end = runtime.follow({ changed: () => {}, lost: () => {}, none: () => resolve(end()) });
    });
  });

  test('a pod that is removed while it is asked about has no addresses, and fails nothing', async () => {
    const { runtime } = await runtimeWith({
      PodSandboxStatus: status(5, 'not found'),
      ContainerStatus: status(5, 'not found'),
    });
    expect((await runtime.list())[1]).toMatchObject({ id: ID, addresses: [] });
    expect(await runtime.find(ID)).toEqual([]);
  });
});

describe('hostile answers', () => {
  test.each<[string, string]>([
    ['no JSON', 'hunter2'],
    ['an array', '["hunter2"]'],
    ['cut off', '{"pid": 4711, "runtimeSpec": {"process": {"env": ["PASSWORD=hunter2"'],
    ['of wrong types', '{"pid": "1", "runtimeType": 7, "runtimeSpec": {"process": ["hunter2"], "linux": 1}}'],
    ['negative', '{"pid": -1, "runtimeSpec": null}'],
  ])('a verbose status that is %s: the container is known without it', async (_, info) => {
    const { runtime } = await runtimeWith({ ContainerStatus: containerStatus(info) });
    const [found] = await runtime.find(ID);
    expect(found).toMatchObject({ name: 'prod/shop-1/web', running: true, limits: [], command: [], sysctls: {} });
    expect(found).not.toHaveProperty('pid');
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });

  test.each<[string, Answer, RegExp]>([
    ['cut off', bytes(framed(encoded(container()), 10_000)), /cut off/],
    ['a message that ends within a field', messages(encoded(container()).subarray(0, 40)), /cut off/],
    ['a text where a message belongs', messages(encoded([1, 'no container'])), /cut off|damaged|wire type/],
    ['a number where a list belongs', messages(encoded([1, 7])), /wire type/],
    ['noise', messages(Buffer.alloc(1000, 0xff)), /damaged|cut off/],
    ['broken off by RST_STREAM', brokenOff((stream) => stream.close(2)), /RST_STREAM 2|cut off/],
    ['broken off by GOAWAY', brokenOff((stream) => stream.session?.goaway(11, 0)), /GOAWAY 11/],
    [
      'broken off with the connection',
      brokenOff((stream) => stream.session?.destroy()),
      /closed the connection|cut off/,
    ],
    ['a status with control characters', status(2, '\u001b[2J\nfailed'), /status 2 \(\?\[2J\?failed\)/],
    ['larger than a message may be', messages(Buffer.alloc(1 << 16)), /65536 bytes; at most 32768/],
    ['without an end', endless, /more than 100000 bytes|second message/],
  ])('a list that is %s: one line with the reason', async (_, answer, why) => {
    const { runtime } = await runtimeWith({ ListContainers: answer }, { messageBytes: 1 << 15, totalBytes: 100_000 });
    const error = await runtime.list().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(RuntimeError);
    expect(error).toMatchObject({ kind: 'nonsense', message: expect.stringMatching(why) });
    expect((error as Error).message).not.toMatch(/[^ -~]/);
  });

  test('the deadline is one for all calls of a question, and a runtime that missed it is not asked again', async () => {
    const many = Array.from({ length: 200 }, (_, index) =>
      sandbox(index.toString(16).padStart(64, '0'), `pod-${index}`),
    );
    const slow: Answer = (stream, ...rest) =>
      void setTimeout(() => stream.destroyed || sandboxStatus('10.85.0.7')(stream, ...rest), 60);
    const { runtime, server } = await runtimeWith(
      { ListPodSandbox: messages(encoded(...many)), PodSandboxStatus: slow },
      { deadlineMs: 200 },
    );
    await expect(runtime.list()).rejects.toMatchObject({ kind: 'silent', message: expect.stringContaining('0.2 s') });
    await expect(runtime.find(ID)).rejects.toMatchObject({ kind: 'silent' });
    // Requests of the first question may still arrive; another one would begin with a list of its own.
    const lists = server.called.filter((method) => method.endsWith('ListPodSandbox'));
    expect(lists.length).toBeLessThanOrEqual(1);
  });

  test('names are texts like any other, whatever is in them', async () => {
    const { runtime } = await runtimeWith({
      ListPodSandbox: messages(encoded(sandbox(POD, '\u001b]0;x\u0007\n'))),
      ListContainers: messages(encoded(container({ name: '__proto__' }))),
    });
    expect((await runtime.list())[1]?.name).toBe('prod/\u001b]0;x\u0007\n/__proto__');
  });
});

/** Begins an answer, then does something to it. */
function brokenOff(how: (stream: Parameters<Answer>[0]) => void): Answer {
  return (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
    stream.write(framed(encoded(container()), 10_000), () => how(stream));
  };
}

/** Writes messages as long as somebody reads. */
function endless(stream: Parameters<Answer>[0]): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
  const piece = framed(Buffer.alloc(0));
  const more = () => {
    while (!stream.destroyed && stream.write(Buffer.alloc(64 * 1024))) {}
    if (!stream.destroyed) stream.once('drain', more);
  };
  stream.write(piece);
  more();
}
