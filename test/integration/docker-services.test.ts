/** Containers of Compose and ECS: by their labels named, TARGETs and replicas, on this machine and from a recording. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LAUNCHER, socklens } from '../support/cli.ts';
import { type RunningContainer, type TestEngine, testEngine } from '../support/engine.ts';
import { until } from '../support/netns.ts';

const engine = testEngine();

if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else describe('docker: services by labels', () => describeServices(engine));

/** Soft limit of open files of the containers that come near to it, and how many files they open. */
const FILES = { limit: 64, open: 60 };

/** Listens on this many ports from 7001 on. */
const listen = (count: number) =>
  `for i in ${Array.from({ length: count }, (_, index) => 7001 + index).join(' ')}; do
    /bin/busybox nc -l -p $i & done; wait`;

/** As {@link listen}; the shell has {@link FILES} open then. busybox's nc inherits none: they have numbers above its own. */
const listenWithFiles = (count: number) =>
  `i=4; while [ $i -lt ${FILES.open} ]; do eval "exec $i</dev/null"; i=$((i + 1)); done; ${listen(count)}`;
const FEW_FILES = [{ Name: 'nofile', Soft: FILES.limit, Hard: FILES.limit }];

function describeServices(docker: TestEngine): void {
  const env = { DOCKER_HOST: docker.endpoint };
  const cli = (...args: string[]) => socklens(args, env, docker.asMachine);
  const json = (...args: string[]) => {
    const { status, stdout, stderr } = cli(...args, '--json');
    if (stdout === '') throw new Error(`socklens ${args.join(' ')}: ${status} ${stderr}`);
    return JSON.parse(stdout);
  };
  // Names that are unique among test files: other containers of the Engine have labels of their own.
  const project = docker.uniqueName('shop');
  const otherProject = docker.uniqueName('blog');
  const [API, WORKER, CACHE] = ['api', 'worker', 'cache'].map((name) => docker.uniqueName(name)) as [
    string,
    string,
    string,
  ];
  const family = docker.uniqueName('hooks');
  const ending = process.pid.toString(16).padStart(8, '0');
  const [taskId, secondTask] = [`4b1d3ab4f9f04b4e8a4fbb6d${ending}`, `77aa3ab4f9f04b4e8a4fbb6d${ending}`];
  const composed = (service: string, number: number, of = project) => ({
    'com.docker.compose.project': of,
    'com.docker.compose.service': service,
    'com.docker.compose.container-number': `${number}`,
    'com.docker.compose.oneoff': 'False',
    'com.docker.compose.project.config_files': '/srv/shop/compose.yaml',
  });
  const inTask = (container: string, id = taskId) => ({
    'com.amazonaws.ecs.cluster': 'arn:aws:ecs:eu-west-1:1:cluster/prod',
    'com.amazonaws.ecs.container-name': container,
    'com.amazonaws.ecs.task-arn': `arn:aws:ecs:eu-west-1:1:task/prod/${id}`,
    'com.amazonaws.ecs.task-definition-family': family,
    'com.amazonaws.ecs.task-definition-version': '7',
  });
  let api: RunningContainer[];
  let worker: RunningContainer;
  let oneOff: RunningContainer;
  let pause: RunningContainer;
  let receiver: RunningContainer;
  let agents: RunningContainer[];
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-services-'));

  beforeAll(async () => {
    api = [
      await docker.run({ labels: composed(API, 1), script: listenWithFiles(1), ulimits: FEW_FILES }),
      await docker.run({ labels: composed(API, 2), script: listenWithFiles(2), ulimits: FEW_FILES }),
    ];
    worker = await docker.run({ labels: composed(WORKER, 1), script: listen(3) });
    // As `docker compose run` makes it.
    oneOff = await docker.run({ labels: { ...composed(API, 1), 'com.docker.compose.oneoff': 'True' } });
    // One service name in two projects.
    await docker.run({ labels: composed(CACHE, 1) });
    await docker.run({ labels: composed(CACHE, 1, otherProject) });
    // As in `awsvpc` mode: the pause container holds the namespace.
    pause = await docker.run({ labels: inTask('~internal~ecs~pause') });
    receiver = await docker.run({
      labels: inTask('receiver'),
      script: listenWithFiles(4),
      network: `container:${pause.name}`,
      ulimits: FEW_FILES,
    });
    // Two tasks of one family on this instance.
    agents = [
      await docker.run({ labels: inTask('agent'), script: listen(1) }),
      await docker.run({ labels: inTask('agent', secondTask), script: listen(2) }),
    ];
    const expected: [RunningContainer | undefined, number][] = [
      [api[0], 1],
      [api[1], 2],
      [worker, 3],
      [receiver, 4],
      [agents[0], 1],
      [agents[1], 2],
    ];
    await until('listeners', () =>
      expected.every(([container, count]) => {
        const tables = ['tcp', 'tcp6'].map((file) => fs.readFileSync(`/proc/${container?.pid}/net/${file}`, 'latin1'));
        return tables.join('').match(/ 0A /g)?.length === count;
      }),
    );
  });
  afterAll(async () => {
    fs.rmSync(folder, { recursive: true });
    await docker.removeAll();
  });

  const shown = { receiver: `${family}/receiver`, agents: [`${family}/agent/4b1d3ab4`, `${family}/agent/77aa3ab4`] };

  /** What each TARGET means: names and first processes of the containers, and their listeners together. */
  const meanings = (): [target: string, containers: string[], pids: number[], listeners: number][] => {
    const [first, second] = api as [RunningContainer, RunningContainer];
    const [one, other] = agents as [RunningContainer, RunningContainer];
    const ofApi = [first.name, second.name];
    const [agent] = shown.agents as [string];
    return [
      [`compose:${project}/${API}`, ofApi, [first.pid, second.pid], 3],
      [`compose:${project}/wor*`, [worker.name], [worker.pid], 3],
      // A service of which there is one, by its bare name.
      [API, ofApi, [first.pid, second.pid], 3],
      [`docker:${WORKER}`, [worker.name], [worker.pid], 3],
      [`ecs:${family}/receiver`, [shown.receiver], [receiver.pid], 4],
      [`${project}/${API}`, ofApi, [first.pid, second.pid], 3],
      [`${family}/agent`, shown.agents, [one.pid, other.pid], 3],
      [`ecs:${family}/agent`, shown.agents, [one.pid, other.pid], 3],
      [`ecs:${taskId}`, [agent, shown.receiver], [one.pid, receiver.pid], 5],
      [agent, [agent], [one.pid], 1],
      [shown.receiver, [shown.receiver], [receiver.pid], 4],
      [`docker:${family}/rec*`, [shown.receiver], [receiver.pid], 4],
      // The name that Docker has for it, and its id.
      [receiver.name, [shown.receiver], [receiver.pid], 4],
      [receiver.id.slice(0, 12), [shown.receiver], [receiver.pid], 4],
    ];
  };
  const listening = (rows: { sockets: { byState: { LISTEN?: number } } }[]) =>
    rows.reduce((sum, { sockets }) => sum + (sockets.byState.LISTEN ?? 0), 0);
  const namesOf = (rows: { name: string }[]) => rows.map(({ name }) => name).sort();

  test('ps, ls and limits take them', () => {
    for (const [target, names, pids, listeners] of meanings()) {
      const { containers } = json('ps', target);
      expect([target, namesOf(containers), listening(containers)]).toEqual([target, names.sort(), listeners]);
      const lists = names.length === 1 ? [json('ls', target, '-tl')] : json('ls', target, '-tl').targets;
      expect(namesOf(lists.map((list: { target: { name: string } }) => list.target))).toEqual(names.sort());
      expect(lists.flatMap(({ sockets }: { sockets: unknown[] }) => sockets)).toHaveLength(listeners);
      const limits = names.length === 1 ? [json('limits', target)] : json('limits', target).targets;
      expect(limits.map(({ mainPid }: { mainPid: number }) => mainPid).sort()).toEqual(pids.sort());
    }
  });

  test('every other verb takes a bare service name and the name of an ECS container', () => {
    const file = path.join(folder, 'budgets.json');
    const [first] = api as [RunningContainer];
    for (const target of [WORKER, shown.receiver]) {
      const [listeners, pid] = target === WORKER ? [3, worker.pid] : [4, receiver.pid];
      expect(cli('netstat', target, '-tln').stdout.match(/LISTEN/g)).toHaveLength(listeners);
      const ticks = cli('watch', target, '--for', '1s', '--ndjson').stdout;
      expect(ticks).toContain(`{"key":{"state":"LISTEN"},"count":${listeners}}`);
      expect(cli('events', target, '--for', '1s')).toMatchObject({ status: 0 });
      expect(cli('guard', target, '--budget', 'state listen <= 9', '--report', file, '--', 'sleep', '1').status).toBe(
        0,
      );
      expect(fs.readFileSync(file, 'utf8')).toContain('"budgets"');
      const dry = json('kill', target, 'state', 'listen', '--dry-run');
      expect([target, JSON.stringify(dry).includes(`"pid":${pid}`)]).toEqual([target, true]);
    }
    expect(first.name).not.toBe(API);
  });

  test('a name that several services have is refused, and all of them are named; Docker prefers a container', () => {
    for (const verb of ['ls', 'limits', 'watch']) {
      const { status, stderr } = cli(verb, CACHE);
      expect([verb, status]).toEqual([verb, 3]);
      expect(stderr).toContain(`compose:${otherProject}/${CACHE}, compose:${project}/${CACHE}; name one of them`);
    }
  });

  test('ps tells service, cluster and task; the pause container is no row and shares nothing', () => {
    const { containers } = json('ps', '--all');
    const rowOf = (wanted: string) => containers.find(({ name }: { name: string }) => name === wanted);
    expect(rowOf(worker.name)).toMatchObject({ service: `compose:${project}/${WORKER}` });
    expect(rowOf(worker.name)).not.toHaveProperty('ecs');
    expect(rowOf(worker.name)).not.toHaveProperty('runtimeName');
    expect(rowOf(shown.receiver)).toMatchObject({
      runtimeName: receiver.name,
      service: `ecs:${family}/receiver`,
      ecs: { cluster: 'prod', task: taskId, family, revision: '7', container: 'receiver' },
      sharedWith: [],
    });
    expect(rowOf(oneOff.name)).not.toHaveProperty('service');
    expect(rowOf(pause.name)).toBeUndefined();
    expect(json('ps', pause.name).containers).toMatchObject([{ name: pause.name }]);
  });

  test('ps --by service: replicas, their sockets together and the fullest of them; a one-off is no replica', () => {
    const { services } = json('ps', '--by', 'service');
    const rowOf = (wanted: string) => services.find(({ name }: { name: string }) => name === wanted);
    const names = api.map(({ name }) => name).sort();
    const rows = names.map((name) => json('ps', name).containers[0]);
    const fullest = [...rows].sort((a, b) => b.descriptors.used - a.descriptors.used)[0];
    expect(rowOf(`compose:${project}/${API}`)).toEqual({
      name: `compose:${project}/${API}`,
      replicas: 2,
      containers: names,
      sockets: expect.objectContaining({ tcp: 3, byState: { LISTEN: 3 } }),
      descriptors: { ...fullest.descriptors, container: expect.stringMatching(names.join('|')) },
    });
    expect(rowOf(oneOff.name)).not.toHaveProperty('replicas');
    expect(rowOf(`ecs:${family}/agent`)).toMatchObject({ replicas: 2, containers: shown.agents, cluster: 'prod' });
    const table = cli('ps', '--by', 'service', '--sort', 'listen').stdout;
    expect(table).toMatch(new RegExp(`^compose:${project}/${API} +2 +3 +0 +3 `, 'm'));
    expect(cli('ps', '--by', 'image').status).toBe(2);
    expect(cli('ps', '--by', 'service', '--sort', 'peer').status).toBe(2);
  });

  test('doctor: replicas are one place; the fix has the names of the service and of the task definition', () => {
    const found = json('doctor', `compose:${project}/${API}`, shown.receiver, '--for', '2s');
    // On a machine whose other processes have more, LIMIT_MISMATCH is the cause.
    const problems = found.problems.filter(({ rule }: { rule: string }) => /NOFILE|LIMIT_MISMATCH/.test(rule));
    const places = problems.flatMap((problem: { places: { name: string }[] }) => problem.places);
    const ofApi = places.find(({ name }: { name: string }) => name === `service ${API}`);
    expect(ofApi).toMatchObject({ replicas: { affected: 2, examined: 2, running: 2 } });
    const fixes = JSON.stringify(problems.map(({ fix }: { fix: unknown }) => fix));
    expect(fixes).toContain(API);
    expect(fixes).toContain(`docker compose -p ${project} -f /srv/shop/compose.yaml up -d ${API}`);
    expect(fixes).toContain(`task definition ${family} (revision 7 runs)`);
  });

  test('limits: the fix for a container of `docker compose run` is for its next run', () => {
    const { stdout } = cli('limits', oneOff.name);
    expect(stdout).toContain(`docker compose -p ${project} -f /srv/shop/compose.yaml run ${API}`);
  });

  test('a recording answers the same TARGETs', () => {
    const file = path.join(folder, 'services.rec');
    const targets = [`compose:${project}`, `ecs:${family}`, `compose:${otherProject}`];
    expect(cli('record', ...targets, '-o', file, '--for', '2s').status).toBe(0);
    for (const [target, names, , listeners] of meanings()) {
      const { containers } = json('ps', target, '--from', file);
      expect([target, namesOf(containers), listening(containers)]).toEqual([target, names.sort(), listeners]);
    }
    const services = (...args: string[]) =>
      json('ps', '--by', 'service', ...args).services.filter(({ name }: { name: string }) => name.includes(project));
    expect(namesOf(services('--from', file))).toEqual(namesOf(services()));
    expect(cli('ps', `compose:${project}/db`, '--from', file).status).toBe(3);
    expect(cli('ps', CACHE, '--from', file).stderr).toContain('name one of them');
  });

  test('watch: a second task of a family changes nothing about the name of the first', async () => {
    const deployed = docker.uniqueName('deploy');
    const labels = (id: string) => ({
      ...inTask('web', id),
      'com.amazonaws.ecs.task-definition-family': deployed,
    });
    await docker.run({ labels: labels(taskId), script: listen(1) });
    const [program = LAUNCHER, ...rest] = [...docker.asMachine, LAUNCHER, 'watch', `ecs:${deployed}`, '--ndjson'];
    const watch = spawn(program, [...rest, '--interval', '300ms', '--for', '25s'], { env: { ...process.env, ...env } });
    let text = '';
    watch.stdout.on('data', (chunk) => {
      text += chunk;
    });
    const targets = () =>
      new Set(text.match(/"type":"sample"[^\n]*?"target":"([^"]+)"/g)?.map((one) => one.split('"').at(-2)));
    await until('the first task', () => targets().has(`${deployed}/web`));
    await docker.run({ labels: labels(secondTask), script: listen(2) });
    await until('the second task', () => targets().has(`${deployed}/web/77aa3ab4`));
    watch.kill('SIGINT');
    await until('its end', () => watch.exitCode !== null || watch.signalCode !== null);
    expect([...targets()].sort()).toEqual([`${deployed}/web`, `${deployed}/web/77aa3ab4`]);
  });

  test('one of which nothing runs is status 3, and the error names what is near', () => {
    const { status, stderr } = cli('ls', `compose:${project}/${API}x`);
    expect(status).toBe(3);
    expect(stderr).toContain(`did you mean compose:${project}/${API}?`);
    expect(cli('ls', `${API}x`).stderr).toContain(`did you mean ${API}?`);
    expect(cli('ls', 'compose:a/b/c').status).toBe(2);
  });
}
