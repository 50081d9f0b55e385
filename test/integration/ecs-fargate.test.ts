/**
 * A sidecar on Fargate: one network namespace and one PID namespace with the other containers of its task, SYS_PTRACE
 * alone, names from the task metadata endpoint. The endpoint is a server that answers as AWS documents version 4; its
 * answers may be hostile.
 */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { socklens } from '../support/cli.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';

/** The address of the endpoint in every task. */
const ADDRESS = '169.254.170.2';
const TASK = `4b1d3ab4f9f04b4e8a4fbb6d${process.pid.toString(16).padStart(8, '0')}`;
const idOf = (number: number) => `${TASK}-${number}`;
const [RECEIVER, SIDECAR] = [idOf(265927825), idOf(3749230941)];

/** As `docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate-response.html`. */
const containerOf = (name: string, id: string, more: Record<string, unknown> = {}) => ({
  DockerId: id,
  Name: name,
  DockerName: name,
  Image: `111122223333.dkr.ecr.us-west-2.amazonaws.com/${name}:latest`,
  ImageID: 'sha256:cafe',
  Labels: {
    'com.amazonaws.ecs.cluster': 'arn:aws:ecs:us-west-2:111122223333:cluster/prod',
    'com.amazonaws.ecs.container-name': name,
    'com.amazonaws.ecs.task-arn': `arn:aws:ecs:us-west-2:111122223333:task/prod/${TASK}`,
    'com.amazonaws.ecs.task-definition-family': 'hooks',
    'com.amazonaws.ecs.task-definition-version': '12',
  },
  DesiredStatus: 'RUNNING',
  KnownStatus: 'RUNNING',
  Limits: { CPU: 2 },
  CreatedAt: '2026-11-30T02:27:28.7Z',
  StartedAt: '2026-11-30T02:27:28.7Z',
  Type: 'NORMAL',
  Networks: [{ NetworkMode: 'awsvpc', IPv4Addresses: ['10.0.0.108'], AttachmentIndex: 0 }],
  ...more,
});
const taskOf = (...containers: unknown[]) => ({
  Cluster: 'arn:aws:ecs:us-west-2:111122223333:cluster/prod',
  TaskARN: `arn:aws:ecs:us-west-2:111122223333:task/prod/${TASK}`,
  Family: 'hooks',
  Revision: '12',
  DesiredStatus: 'RUNNING',
  KnownStatus: 'RUNNING',
  Containers: containers,
  LaunchType: 'FARGATE',
  AvailabilityZone: 'us-west-2d',
});

const BOTH = [containerOf('receiver', RECEIVER), containerOf('sidecar', SIDECAR)];
/** Answers by the first part of the path; what a program does is in {@link SERVER}. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  good: taskOf(...BOTH),
  stopped: taskOf(
    ...BOTH,
    containerOf('setup', idOf(7), { KnownStatus: 'STOPPED', FinishedAt: '2026-11-30T02:27:30Z' }),
  ),
  unseen: taskOf(...BOTH, containerOf('hidden', idOf(9))),
  control: taskOf(containerOf('re\u001b[31mceiver', RECEIVER), containerOf('sidecar', SIDECAR)),
  wrongType: taskOf({ ...containerOf('receiver', RECEIVER), Labels: ['a'] }),
  wrongId: taskOf({ ...containerOf('receiver', RECEIVER), DockerId: '../../etc' }),
  list: [1, 2, 3],
  nothing: null,
  noContainers: { ...taskOf(), Containers: {} },
};
const SERVER = `
  const answers = ${JSON.stringify(ANSWERS)};
  require('node:http').createServer((request, response) => {
    const [, version, name, task] = request.url.split('/');
    if (version !== 'v4' || task !== 'task') return response.writeHead(404).end();
    if (name in answers) return response.end(JSON.stringify(answers[name]));
    if (name === 'cut') return response.end('{"Cluster": "pro');
    if (name === 'refused') return response.writeHead(500).end('internal error');
    if (name === 'redirect') return response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
    if (name === 'endless') {
      const more = () => { while (response.write('x'.repeat(65536))); };
      response.on('drain', more);
      more();
    }
    // "slow": never answers.
  }).listen(80, '${ADDRESS}', () => console.log('listening'));
`;

describe('ECS on Fargate', () => {
  let netns: TestNetns;
  const cgroups: string[] = [];

  /** The cgroup of a container, as the agent of Fargate names it. */
  function cgroupOf(id: string): string {
    const mounts = fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    // The fifth field is the mount point.
    const root = mounts.find((line) => line.includes(' - cgroup2 '))?.split(' ')[4];
    if (root === undefined) throw new Error('no cgroup2 file system is mounted');
    const folder = path.join(root, 'ecs', TASK, id);
    fs.mkdirSync(folder, { recursive: true });
    cgroups.push(folder);
    return folder;
  }

  beforeAll(async () => {
    netns = createNetns();
    netns.run('ip', 'address', 'add', `${ADDRESS}/32`, 'dev', 'lo');
    netns.spawn(process.execPath, ['-e', SERVER], { stdio: 'ignore' });
    await until('the metadata endpoint', () => netns.run('ss', '-tlnH').includes(`${ADDRESS}:80`));
    for (const id of [RECEIVER, SIDECAR]) cgroupOf(id);
  });
  afterAll(() => {
    netns?.remove();
    for (const folder of cgroups) fs.rmdirSync(folder);
    const [first] = cgroups;
    if (first === undefined) return;
    fs.rmdirSync(path.dirname(first));
    try {
      fs.rmdirSync(path.dirname(path.dirname(first)));
    } catch {
      // Another test's task is there.
    }
  });

  /** Runs socklens as the sidecar, beside a server of the container `receiver`. */
  function sidecar(answer: string, ...args: string[]) {
    const [receiver, own] = cgroups;
    const script = `
      sh -c 'echo 0 > ${receiver}/cgroup.procs && exec /bin/busybox nc -l -p 8080' & server=$!
      while ! ss -tlnH | grep -q :8080; do :; done
      echo 0 > ${own}/cgroup.procs
      setpriv --no-new-privs --bounding-set=-all,+sys_ptrace --inh-caps=-all -- "$@"; status=$?
      kill $server; exit $status`;
    const env = {
      DOCKER_HOST: 'unix:///nowhere/docker.sock',
      ECS_CONTAINER_METADATA_URI_V4: answer.includes(':') ? answer : `http://${ADDRESS}/v4/${answer}`,
    };
    const inside = ['nsenter', `--net=${netns.path}`, 'unshare', '--pid', '--fork', '--mount-proc', 'sh', '-c', script];
    return socklens(args, env, [...inside, 'sh']);
  }
  const rows = (stdout: string) => JSON.parse(stdout).containers as { name: string; [key: string]: unknown }[];

  test('ps: the containers of the task by name, with cluster and task, and SYS_PTRACE is enough', () => {
    const { status, stdout, stderr } = sidecar('good', 'ps', '--json');
    expect([status, stderr]).toEqual([0, '']);
    const found = rows(stdout);
    expect(found.map(({ name }) => name)).toEqual(expect.arrayContaining(['hooks/receiver', 'hooks/sidecar']));
    expect(found.find(({ name }) => name === 'hooks/receiver')).toMatchObject({
      id: RECEIVER,
      runtime: 'ecs',
      service: 'ecs:hooks/receiver',
      ecs: { cluster: 'prod', task: TASK, family: 'hooks', revision: '12', container: 'receiver' },
      sockets: { byState: { LISTEN: 1 } },
      source: 'sock_diag',
    });
  });

  test.each(['hooks/receiver', 'receiver', 'ecs:hooks/receiver', `ecs:${TASK}`, RECEIVER, 'hooks/rec*'])(
    'ls %s: the sockets of that container',
    (target) => {
      const { status, stdout, stderr } = sidecar('good', 'ls', target, '-tl', '--json');
      expect([target, status, stderr]).toEqual([target, 0, '']);
      const ports = JSON.parse(stdout).sockets.map(({ local }: { local: { port: number } }) => local.port);
      expect(ports).toEqual([8080]);
    },
  );

  test('limits: the fix is that of Fargate, with the real names', () => {
    const { status, stdout } = sidecar('good', 'limits', 'hooks/receiver');
    expect(status).toBe(0);
    expect(stdout).toContain('ECS on Fargate');
    expect(stdout).toContain('task definition hooks (revision 12 runs), container definition "receiver"');
    expect(stdout).toContain('aws ecs describe-task-definition --task-definition hooks:12');
    expect(stdout).not.toContain('/etc/sysconfig/docker');
  });

  test('doctor: complete in its own namespace', () => {
    const { status, stdout } = sidecar('good', 'doctor', 'hooks/receiver', '--for', '1s', '--json');
    const { coverage, targets } = JSON.parse(stdout);
    expect(status).toBe(0);
    // No capability that Fargate permits loads programs into the kernel.
    expect(coverage.notes.filter((note: string) => !note.startsWith('connections are not seen when'))).toEqual([]);
    expect(JSON.stringify(targets)).toContain('hooks/receiver');
  });

  test('a container that has stopped is no row; one that runs and cannot be seen is said to need pidMode', () => {
    expect(rows(sidecar('stopped', 'ps', '--json').stdout).map(({ name }) => name)).not.toContain('hooks/setup');
    const { stdout } = sidecar('unseen', 'ps', '--json');
    expect(JSON.parse(stdout).coverage.notes).toEqual([
      'hooks/hidden: none of its processes was found on this machine: set `"pidMode": "task"` in the task definition',
    ]);
    for (const target of ['ecs:hooks/hidden', 'hooks/hidden', 'hidden']) {
      const { status, stderr } = sidecar('unseen', 'ls', target);
      expect([target, status]).toEqual([target, 3]);
      expect(stderr).toContain('none of its processes can be seen from here: set `"pidMode": "task"`');
    }
  });

  test('names with control characters never reach the terminal', () => {
    const { status, stdout, stderr } = sidecar('control', 'ps');
    expect(status).toBe(0);
    expect(stdout + stderr).not.toContain('\u001b');
    expect(stdout).toContain('ceiver');
  });

  test.each([
    ['wrongType', 'Containers[0].Labels should be an object'],
    ['wrongId', 'Containers[0].DockerId should be the id of a container'],
    ['list', 'the answer should be an object'],
    ['nothing', 'the answer should be an object'],
    ['noContainers', 'Containers should be an array'],
    ['cut', 'cut off or not JSON'],
    ['refused', 'status 500'],
    ['redirect', 'status 302'],
    ['endless', 'not the metadata of a task'],
    ['slow', 'did not answer within 2 s'],
    ['file:///etc/passwd', 'is not an http URL'],
    [`http://${ADDRESS}:1/v4/good`, ''],
  ])('a hostile answer, %s: one line says why, and the containers are there by their ids', (answer, why) => {
    const { status, stdout, stderr } = sidecar(answer, 'ps');
    const lines = stderr.split('\n').filter((line) => line.startsWith('socklens: ecs: '));
    expect([answer, status, lines.length]).toEqual([answer, 0, why === '' ? 0 : 1]);
    expect(stderr).toContain(why);
    // Nothing listens there: the agent is not running, which is no error.
    expect(stdout).toContain(`${TASK.slice(0, 8)}-265927825`);
    expect(stdout).toContain(`${TASK.slice(0, 8)}-3749230941`);
  });
});
