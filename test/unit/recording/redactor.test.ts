import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serviceOf } from '../../../src/model/container/service.ts';
import type { RecordingLine } from '../../../src/recording/lines.ts';
import { Redactor } from '../../../src/recording/redactor.ts';
import { RecordingWriter } from '../../../src/recording/writer.ts';
import { T0 } from '../../support/random-records.ts';

/** A name that does not occur in other parts of a line. */
const secret = fc.stringMatching(/^[q-z]{2}7[q-z]{6}$/);
const secrets = fc.uniqueArray(secret, { minLength: 14, maxLength: 14 });
/** An address that is neither loopback nor an alias, of numbers that do not occur elsewhere. */
const inet = fc.tuple(
  fc.constantFrom(11, 44, 172, 192, 203),
  fc.nat(255),
  fc.nat(255),
  fc.integer({ min: 100, max: 254 }),
);
const addresses = fc.uniqueArray(
  inet.map((bytes) => bytes.join('.')),
  { minLength: 4, maxLength: 4 },
);

function linesOf(
  names: readonly string[],
  [one = '', two = '', three = '', four = '']: readonly string[],
): RecordingLine[] {
  const [web = '', db = '', host = '', id = '', label = '', network = '', image = '', program = '', path = ''] = names;
  const [cgroup = '', note = '', service = '', project = '', other = ''] = names.slice(9);
  const container = {
    name: web,
    runtime: 'docker',
    id,
    labels: { 'com.docker.compose.service': project, [label]: label },
    pid: 7,
    addresses: [{ network, address: one }],
    gateways: [four],
    networkMode: `container:${id}`,
    cgroup: `/docker/${cgroup}`,
  };
  const namespace = { netns: 9, name: web, targets: [web, `netns:${other}`], host: false, containers: [container] };
  const socket = (local: string, peer: string) => ({
    key: [1],
    proto: ['tcp'],
    family: ['inet'],
    local: [local],
    peer: [peer],
    state: [1],
    pid: [7],
    process: [program],
    container: [web],
    path: [path],
  });
  const connection = {
    event: 'closed' as const,
    source: 'tracepoint' as const,
    at: new Date(T0),
    atMs: T0,
    target: web,
    proto: 'tcp' as const,
    family: 'inet' as const,
    lifetime: { atLeastMs: 1 },
    local: { address: one, port: 40_000, name: host, service },
    peer: { address: `::ffff:${two}`, port: 3306, name: db },
    processes: [{ pid: 7, name: program }],
    container: web,
    outcome: 'closed' as const,
    cookie: 'ff',
  };
  const fromDumps = { local: [1], peer: [2], localPort: 1, peerPort: 2, firstSeenMs: T0, state: 1, inode: 5 };
  const writer = new RecordingWriter();
  writer.addEvent({ ...connection, netns: 9, state: 1, remembered: fromDumps });
  return [
    writer.header({
      startedAtMs: T0,
      intervalMs: 1000,
      target: `${web},docker:${db},${id}`,
      closely: true,
      events: true,
      redacted: false,
    }),
    writer.details({
      sysctls: { 9: { 'net.core.somaxconn': '4096' } },
      declared: { [id]: { limits: [{ name: 'nofile', soft: 5, hard: 6 }], image, sysctls: {}, published: [] } },
      runtimeProcesses: [{ pid: 3, name: program, softLimit: 1, hardLimit: 2 }],
    }),
    { type: 'spaces', spaces: [namespace], containers: [container] },
    {
      type: 'names',
      hosts: { [one]: web, [two]: db, [three]: host },
      services: { '1/tcp': service, '80/tcp': 'http' },
    },
    ...writer.events(T0),
    {
      type: 'tick',
      at: T0,
      notes: [`${note}: stopped`],
      spaces: [
        {
          netns: 9,
          counters: { TcpActiveOpens: 3 },
          pids: [{ container: web, current: 3 }],
          processes: [
            {
              pid: 7,
              name: program,
              startTicks: 1,
              container: web,
              used: 4,
              softLimit: 9,
              hardLimit: 9,
              kinds: { byKind: { tcp: 1 }, dead: [{ peer: two, port: 5432, count: 30, fd: 9 }] },
            },
          ],
          look: {
            at: T0,
            source: 'sock_diag',
            coverage: { complete: false, notes: [note] },
            now: socket(one, `::ffff:${two}`),
          },
        },
        { netns: 8, look: { at: T0, source: 'sock_diag', now: socket(two, three) } },
      ],
    },
    writer.end(),
  ];
}

describe('Redactor', () => {
  it('gives the parts of a service as TARGET the aliases that they have in the labels', () => {
    const redactor = new Redactor();
    const labels = redactor.labels({
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': 'payments',
      'com.amazonaws.ecs.task-arn': 'arn:aws:ecs:eu-west-1:123456789012:task/prod/4b1d3ab4f9f04b4e8a4fbb6d0e3b3c11',
      'com.amazonaws.ecs.container-name': '~internal~ecs~pause',
    });
    expect(JSON.stringify(labels)).not.toMatch(/shop|payments|123456789012|4b1d3ab4/);
    // What says that it is no service of anybody.
    expect(labels['com.amazonaws.ecs.container-name']).toBe('~internal~ecs~pause');
    const target = 'compose:shop/payments,ecs:4b1d3ab4f9f04b4e8a4fbb6d0e3b3c11';
    const header = { startedAtMs: T0, intervalMs: 1000, closely: true, events: true, redacted: false, target };
    const [project, service] = [labels['com.docker.compose.project'], labels['com.docker.compose.service']];
    expect(redactor.line(new RecordingWriter().header(header))).toMatchObject({
      target: `compose:${project}/${service},ecs:${labels['com.amazonaws.ecs.task-arn']}`,
    });
  });

  it('leaves replicas recognisable: pods keep what their controller added, and names of ECS their parts', () => {
    const redactor = new Redactor();
    const podLabels = (pod: string, more: Record<string, string> = {}) => ({
      'io.kubernetes.pod.namespace': 'acme',
      'io.kubernetes.pod.name': pod,
      'io.kubernetes.container.name': 'payments',
      ...more,
    });
    const containerOf = (name: string, labels: Record<string, string>) =>
      ({ name, runtime: 'containerd', id: 'aa', labels, pid: 7, addresses: [] }) as const;
    const pods = [
      containerOf('acme/webhook-7c9d8b6f5d-x2x4f/payments', podLabels('webhook-7c9d8b6f5d-x2x4f', { team: 'acme' })),
      containerOf('acme/webhook-7c9d8b6f5d-bcdfg/payments', podLabels('webhook-7c9d8b6f5d-bcdfg')),
      containerOf('acme/db-0/payments', podLabels('db-0', { 'statefulset.kubernetes.io/pod-name': 'db-0' })),
      containerOf('acme/import-x2x4f/payments', podLabels('import-x2x4f', { 'job-name': 'import' })),
      // Pods of their own: numbered aliases must not look like replicas.
      containerOf('acme/shell/payments', podLabels('shell')),
      containerOf('acme/other/payments', podLabels('other')),
      containerOf('hooks/receiver', {
        'com.amazonaws.ecs.task-definition-family': 'hooks',
        'com.amazonaws.ecs.container-name': 'receiver',
      }),
    ];
    const line = { type: 'spaces', spaces: [], containers: pods } as unknown as RecordingLine;
    const { containers } = redactor.line(line) as unknown as { containers: typeof pods };
    expect(JSON.stringify(containers)).not.toMatch(/acme|webhook|payments|db-0|import|shell|other|hooks|receiver/);
    const keys = containers.map((container) => serviceOf(container)?.key);
    expect(keys[0]).toBe(keys[1]);
    expect(keys.map((key) => key?.split('/')[1])).toEqual([
      'deployment',
      'deployment',
      'statefulset',
      'job',
      undefined,
      undefined,
      expect.stringMatching(/^name-/),
    ]);
    for (const { name, labels } of containers) {
      const { 'io.kubernetes.pod.name': pod } = labels as Record<string, string>;
      if (pod !== undefined) expect(name.split('/')[1]).toBe(pod);
    }
    expect(`ecs:${containers[6]?.name}`).toBe(keys[6]);
  });

  it('preserves no name, id, path, label or address', () => {
    fc.assert(
      fc.property(secrets, addresses, (names, ips) => {
        const redactor = new Redactor();
        const text = linesOf(names, ips)
          .map((line) => JSON.stringify(redactor.line(line)))
          .join('\n');
        for (const name of [...names, ...ips]) expect(text).not.toContain(name);
      }),
    );
  });

  it('preserves numbers, enumerated values and common names', () => {
    const redactor = new Redactor();
    const lines = linesOf(
      Array.from({ length: 14 }, (_, index) => `zz7secret${index}`),
      ['11.1.1.101', '44.1.1.102', '10.1.1.103', '172.17.0.104'],
    );
    const [header, details, spaces, names, ended, tick] = lines.map(
      // biome-ignore lint/suspicious/noExplicitAny: lines of six kinds, of which the test reads what it needs
      (line) => redactor.line(line) as unknown as Record<string, any>,
    );
    expect(header).toMatchObject({ type: 'socklens-recording', version: 1, closely: true, redacted: true });
    expect(details?.sysctls).toEqual({ 9: { 'net.core.somaxconn': '4096' } });
    expect(Object.values(details?.declared)).toMatchObject([{ limits: [{ name: 'nofile', soft: 5, hard: 6 }] }]);
    expect(names?.services).toMatchObject({ '80/tcp': 'http' });
    expect(ended?.ends).toMatchObject({ proto: ['tcp'], outcome: ['closed'], peerPort: [3306] });
    expect(tick?.spaces[0]).toMatchObject({
      counters: { TcpActiveOpens: 3 },
      processes: [{ kinds: { byKind: { tcp: 1 }, dead: [{ port: 5432, count: 30, fd: 9 }] } }],
    });
    // The same name has the same alias everywhere.
    const [container] = spaces?.containers ?? [];
    expect(spaces?.spaces[0].name).toBe(container.name);
    expect(header?.target.split(',')[0]).toBe(container.name);
    expect(ended?.ends.container).toEqual([container.name]);
    expect(tick?.spaces[0].look.now.container).toEqual([container.name]);
    expect(Object.keys(details?.declared)).toEqual([container.id]);
    expect(container.networkMode).toBe(`container:${container.id}`);
    expect(container.id).toHaveLength('zz7secret0'.length);
    expect(container.labels).toEqual({ 'com.docker.compose.service': expect.stringMatching(/^name-\d+$/) });
    // A mapped address has the mapped alias of the plain one.
    const [one, two] = Object.keys(names?.hosts);
    expect(tick?.spaces[0].look.now).toMatchObject({ local: [one], peer: [`::ffff:${two}`] });
    expect(tick?.spaces[1].look.now).toMatchObject({ local: [two] });
    expect(ended?.ends).toMatchObject({ local: [one], peer: [`::ffff:${two}`], peerName: [names?.hosts[two ?? '']] });
    expect(Object.keys(names?.hosts)[2]).toMatch(/^10\./);
  });

  it('replaces PIDs, the same one alike in every line and in targets', () => {
    const redactor = new Redactor();
    const [, details, spaces, , ended, tick] = linesOf(
      Array.from({ length: 14 }, (_, index) => `zz7secret${index}`),
      ['11.1.1.101', '44.1.1.102', '10.1.1.103', '172.17.0.104'],
      // biome-ignore lint/suspicious/noExplicitAny: lines of six kinds, of which the test reads what it needs
    ).map((line) => redactor.line(line) as unknown as Record<string, any>);
    const other = details?.runtimeProcesses[0].pid;
    const pid = spaces?.containers[0].pid;
    expect([other, pid]).toEqual([1, 2]);
    expect(ended?.ends.pid).toEqual([pid]);
    expect(tick?.spaces[0].look.now.pid).toEqual([pid]);
    expect(tick?.spaces[0].processes[0]).toMatchObject({ pid, used: 4, softLimit: 9 });
    const header = redactor.line({ type: 'socklens-recording', target: 'pid:7,pid:4242' } as unknown as RecordingLine);
    expect(header).toMatchObject({ target: `pid:${pid},pid:3` });
  });

  it('replaces port ids of netlink sockets as the PIDs that they are, and names of interfaces', () => {
    const redactor = new Redactor();
    const now = (columns: object) =>
      redactor.line({ type: 'tick', spaces: [{ look: { now: columns } }] } as unknown as RecordingLine);
    const columns = { key: [1, 1, 1], proto: ['tcp', 'netlink', 'netlink'], localPort: [80, 4242, 0], groups: ['11'] };
    expect(now({ ...columns, pid: [7, 4242, null] })).toMatchObject({
      spaces: [{ look: { now: { localPort: [80, 1, 0], pid: [2, 1, null], groups: ['11'] } } }],
    });
    expect(now({ key: [1], proto: ['netlink'], localPort: [4242] })).toMatchObject({
      spaces: [{ look: { now: { localPort: [1] } } }],
    });
    expect(now({ key: [1], proto: ['tcp'], localPort: [4242] })).toMatchObject({
      spaces: [{ look: { now: { localPort: [4242] } } }],
    });
    const details = { sysctls: {}, devices: { 9: { 1: 'lo', 2: 'veth-acme', 3: 'eth0' } }, declared: {} };
    const line = redactor.line({ type: 'details', ...details, runtimeProcesses: [] } as RecordingLine);
    expect(line).toMatchObject({ devices: { 9: { 1: 'lo', 2: 'device-1', 3: 'eth0' } } });
  });

  it.each(['127.0.0.1', '127.3.2.1', '0.0.0.0', '::', '::1', '::ffff:127.0.0.1'])('%s stays', (address) => {
    const line = new Redactor().line({ type: 'names', hosts: { [address]: 'localhost' }, services: {} });
    expect(line).toEqual({ type: 'names', hosts: { [address]: 'localhost' }, services: {} });
  });
});

it('names of common programs are replaced, those of processes outside containers too', () => {
  const details = {
    type: 'details',
    sysctls: {},
    declared: {},
    runtimeProcesses: [{ pid: 41, name: 'dockerd', softLimit: 1, hardLimit: 2 }],
  };
  const text = JSON.stringify(new Redactor().line(details as unknown as RecordingLine));
  expect(text).not.toContain('dockerd');
  expect(text).not.toContain('41');
  expect(text).toContain('process-1');
});
