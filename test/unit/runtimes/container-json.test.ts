import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readContainerDetails, readContainerList } from '../../../src/runtimes/docker/container-json.ts';
import { ShapeError } from '../../../src/runtimes/docker/json.ts';

const ID = '71d919762bb95b397f05e2622ffd2bfdd5c536dfb69a0bdab4557e139678e28a';

/** An entry of `GET /containers/json` as Docker 20.10 wrote it, with a second network added by hand. */
const LISTED = {
  Id: ID,
  Names: ['/db/alias', '/web2'],
  Image: 'bb:1',
  Command: '/bin/busybox sleep 100000',
  Created: 1795485770,
  Ports: [],
  Labels: { 'com.docker.compose.project': 'shop' },
  State: 'running',
  Status: 'Up 25 minutes',
  HostConfig: { NetworkMode: 'default' },
  NetworkSettings: {
    Networks: {
      bridge: {
        IPAMConfig: null,
        Links: null,
        Gateway: '172.17.0.1',
        IPAddress: '172.17.0.3',
        IPPrefixLen: 16,
        IPv6Gateway: '',
        GlobalIPv6Address: '',
      },
      shop_default: {
        Gateway: '172.18.0.1',
        IPAddress: '172.18.0.2',
        IPv6Gateway: 'fd5c::1',
        GlobalIPv6Address: 'fd5c::2',
      },
    },
  },
};

/** The answer to `GET /containers/web2/json`, the parts that are read. */
const INSPECTED = {
  Id: ID,
  Name: '/web2',
  State: {
    Status: 'running',
    Running: true,
    Pid: 2598,
    StartedAt: '2026-11-24T02:02:51.128881082Z',
    FinishedAt: '0001-01-01T00:00:00Z',
  },
  Path: '/entry.sh',
  Args: ['serve', '--port', '8080'],
  HostConfig: {
    NetworkMode: 'container:abc',
    Ulimits: [{ Name: 'nofile', Hard: 2048, Soft: 1024 }],
    PidsLimit: 100,
    Sysctls: { 'net.core.somaxconn': '1024' },
  },
  Config: { Image: 'bb:1', Labels: { a: 'b' } },
  NetworkSettings: {
    Networks: {},
    Ports: {
      '8080/tcp': [
        { HostIp: '0.0.0.0', HostPort: '32768' },
        { HostIp: '::', HostPort: '32768' },
      ],
      '9000/udp': null,
    },
  },
};

/** A copy with one field replaced; undefined removes it. */
function withField(json: unknown, field: string, value: unknown): unknown {
  const copy = structuredClone(json) as Record<string, unknown>;
  const parts = field.split('.');
  const last = parts.pop() ?? '';
  let object = copy;
  for (const part of parts) object = object[part] as Record<string, unknown>;
  if (value === undefined) delete object[last];
  else object[last] = value;
  return copy;
}

describe('the list', () => {
  test('a container on two networks', () => {
    expect(readContainerList([LISTED], 'docker')).toEqual([
      {
        runtime: 'docker',
        id: ID,
        name: 'web2',
        labels: { 'com.docker.compose.project': 'shop' },
        addresses: [
          { network: 'bridge', address: '172.17.0.3' },
          { network: 'shop_default', address: '172.18.0.2' },
          { network: 'shop_default', address: 'fd5c::2' },
        ],
        gateways: ['172.17.0.1', '172.18.0.1', 'fd5c::1'],
        networkMode: 'bridge',
      },
    ]);
  });

  test('null stands for nothing', () => {
    for (const field of ['Names', 'Labels', 'NetworkSettings', 'NetworkSettings.Networks', 'HostConfig']) {
      expect(readContainerList([withField(LISTED, field, null)], 'docker')[0]?.id).toBe(ID);
      expect(readContainerList([withField(LISTED, field, undefined)], 'docker')[0]?.id).toBe(ID);
    }
    expect(readContainerList([withField(LISTED, 'Names', null)], 'docker')[0]?.name).toBe('71d919762bb9');
  });

  test('text of a hostile container is returned unchanged; printing code escapes it', () => {
    const hostile = withField(
      withField(LISTED, 'Names', ['/\u001b[2Jx']),
      'Labels',
      JSON.parse('{"__proto__": "\\u0007"}'),
    );
    const [container] = readContainerList([hostile], 'docker');
    expect(container?.name).toBe('\u001b[2Jx');
    expect(Object.entries(container?.labels ?? {})).toEqual([['__proto__', '\u0007']]);
  });

  test.each([
    ['', null],
    ['', {}],
    ['', 'text'],
    ['[0]', [null]],
    ['[0]', ['x']],
    ['[0].Id', [withField(LISTED, 'Id', 7)]],
    ['[0].Id', [withField(LISTED, 'Id', '../../etc')]],
    ['[0].Id', [withField(LISTED, 'Id', ID.slice(1))]],
    ['[0].Names', [withField(LISTED, 'Names', 'web')]],
    ['[0].Names[0]', [withField(LISTED, 'Names', [1])]],
    ['[0].Labels', [withField(LISTED, 'Labels', [])]],
    ['[0].Labels["a"]', [withField(LISTED, 'Labels', { a: 1 })]],
    ['[0].NetworkSettings.Networks', [withField(LISTED, 'NetworkSettings.Networks', [])]],
    [
      '[0].NetworkSettings.Networks["bridge"].IPAddress',
      [withField(LISTED, 'NetworkSettings.Networks.bridge.IPAddress', 1)],
    ],
    ['[1].Id', [LISTED, withField(LISTED, 'Id', undefined)]],
  ])('%s: an invalid value is named in the error', (where, json) => {
    expect(() => readContainerList(json, 'docker')).toThrow(ShapeError);
    expect(() => readContainerList(json, 'docker')).toThrow(where);
  });
});

describe('the details', () => {
  test('a running container in the namespace of another', () => {
    expect(readContainerDetails(INSPECTED, 'docker')).toEqual({
      runtime: 'docker',
      id: ID,
      name: 'web2',
      labels: { a: 'b' },
      addresses: [],
      gateways: [],
      networkMode: 'container:abc',
      running: true,
      pid: 2598,
      startedAt: '2026-11-24T02:02:51.128881082Z',
      limits: [{ name: 'nofile', soft: 1024, hard: 2048 }],
      pidsLimit: 100,
      image: 'bb:1',
      command: ['/entry.sh', 'serve', '--port', '8080'],
      sysctls: { 'net.core.somaxconn': '1024' },
      published: [
        { proto: 'tcp', containerPort: 8080, hostPort: 32768 },
        { proto: 'udp', containerPort: 9000 },
      ],
    });
  });

  test('a container that declares nothing', () => {
    for (const none of [null, 0, -1, undefined]) {
      expect(readContainerDetails(withField(INSPECTED, 'HostConfig.PidsLimit', none), 'docker')).not.toHaveProperty(
        'pidsLimit',
      );
    }
    for (const field of ['Args', 'Path', 'HostConfig', 'NetworkSettings.Ports', 'Config.Image']) {
      expect(readContainerDetails(withField(INSPECTED, field, null), 'docker').id).toBe(ID);
    }
    const nothing = readContainerDetails(withField(INSPECTED, 'HostConfig.Sysctls', null), 'docker');
    expect(nothing.sysctls).toEqual({});
  });

  test('one that has stopped, and one that was never started', () => {
    const stopped = withField(INSPECTED, 'State', {
      Running: false,
      Pid: 0,
      StartedAt: '2026-11-24T02:02:51.1Z',
      FinishedAt: '2026-11-24T02:03:00Z',
    });
    const details = readContainerDetails(stopped, 'docker');
    expect(details).toMatchObject({ running: false, finishedAt: '2026-11-24T02:03:00Z' });
    expect(details).not.toHaveProperty('pid');
    const never = '0001-01-01T00:00:00Z';
    const created = withField(INSPECTED, 'State', { Running: false, Pid: 0, StartedAt: never, FinishedAt: never });
    expect(readContainerDetails(created, 'docker')).not.toHaveProperty('startedAt');
    expect(readContainerDetails(created, 'docker')).not.toHaveProperty('finishedAt');
  });

  test("Podman's spelling of limits, and unlimited ones", () => {
    const podman = withField(INSPECTED, 'HostConfig.Ulimits', [{ Name: 'RLIMIT_NOFILE', Soft: -1, Hard: -1 }]);
    const unlimited = Number.POSITIVE_INFINITY;
    expect(readContainerDetails(podman, 'podman').limits).toEqual([
      { name: 'nofile', soft: unlimited, hard: unlimited },
    ]);
    expect(readContainerDetails(withField(INSPECTED, 'HostConfig.Ulimits', null), 'docker').limits).toEqual([]);
  });

  test.each([
    ['the answer', []],
    ['State', withField(INSPECTED, 'State', null)],
    ['State.Running', withField(INSPECTED, 'State.Running', 'yes')],
    ['State.Pid', withField(INSPECTED, 'State.Pid', '12')],
    ['State.Pid', withField(INSPECTED, 'State.Pid', 1.5)],
    ['State.StartedAt', withField(INSPECTED, 'State.StartedAt', 'yesterday')],
    ['Name', withField(INSPECTED, 'Name', undefined)],
    ['Config', withField(INSPECTED, 'Config', undefined)],
    ['HostConfig.Ulimits', withField(INSPECTED, 'HostConfig.Ulimits', {})],
    ['HostConfig.PidsLimit', withField(INSPECTED, 'HostConfig.PidsLimit', 'many')],
    ['HostConfig.Sysctls["a"]', withField(INSPECTED, 'HostConfig.Sysctls', { a: 1 })],
    ['Args[1]', withField(INSPECTED, 'Args', ['a', 2])],
    ['NetworkSettings.Ports["1/tcp"]', withField(INSPECTED, 'NetworkSettings.Ports', { '1/tcp': 'x' })],
    [
      'HostConfig.Ulimits[0].Soft',
      withField(INSPECTED, 'HostConfig.Ulimits', [{ Name: 'nofile', Soft: '1', Hard: 1 }]),
    ],
  ])('%s: an invalid value is named in the error', (where, json) => {
    expect(() => readContainerDetails(json, 'docker')).toThrow(ShapeError);
    expect(() => readContainerDetails(json, 'docker')).toThrow(where);
  });
});

test('any JSON at all gives containers or a ShapeError, never a TypeError', () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.constantFrom('Id', 'State', 'Name', 'Config', 'HostConfig', 'NetworkSettings', 'Labels'),
      (value, field) => {
        for (const read of [
          () => readContainerList(value, 'docker'),
          () => readContainerList([withField(LISTED, field, value)], 'docker'),
          () => readContainerDetails(value, 'docker'),
          () => readContainerDetails(withField(INSPECTED, field, value), 'docker'),
        ]) {
          try {
            read();
          } catch (error) {
            if (!(error instanceof ShapeError)) throw error;
          }
        }
      },
    ),
    { numRuns: 1000 },
  );
});
