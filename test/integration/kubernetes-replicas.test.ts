/** Pods of one controller, made through CRI: one row, one TARGET and one place of the doctor, with a fix that is true there. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Diagnosis } from '../../src/model/finding/diagnosis.ts';
import { socklens } from '../support/cli.ts';
import { until } from '../support/netns.ts';
import { LIMITED, startContainerd, type TestContainerd } from '../support/runtimes/containerd.ts';
import { Pods, type TestPodContainer } from '../support/runtimes/pods.ts';

const containerd = await startContainerd();

if (typeof containerd === 'string') test.skip(`containerd: ${containerd}`, () => {});
else describe('Kubernetes: replicas', () => describeReplicas(containerd));

/** Open files of a container that comes near to its limit. */
const OPEN = LIMITED.soft - 20;

function describeReplicas(daemon: TestContainerd): void {
  const pods = new Pods(daemon);
  const env = { DOCKER_HOST: 'unix:///nowhere/docker.sock', CONTAINER_RUNTIME_ENDPOINT: `unix://${daemon.socket}` };
  const cli = (...args: string[]) => socklens(args, env, [...daemon.asMachine]);
  const json = (...args: string[]) => {
    const { status, stdout, stderr } = cli(...args, '--json');
    if (stdout === '') throw new Error(`socklens ${args.join(' ')}: ${status} ${stderr}`);
    return JSON.parse(stdout);
  };
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-replicas-'));
  const opening = `i=4; while [ $i -lt ${OPEN} ]; do eval "exec $i</dev/null"; i=$((i + 1)); done`;
  const listening = 'nc -l -p 7001 & wait';
  let replicas: TestPodContainer[];
  let other: TestPodContainer;

  beforeAll(async () => {
    const hash = '7c9d8b6f5d';
    const replica = async (end: string) => {
      const labels = { 'pod-template-hash': hash, app: 'webhook' };
      const name = `webhook-${hash}-${end}`;
      const pod = await pods.run({ namespace: 'shop', name, labels, handler: 'limited' });
      await pods.start(pod, { name: 'proxy', script: listening.replace('7001', '7002') });
      return pods.start(pod, { name: 'app', script: `${opening}; ${listening}` });
    };
    replicas = [await replica('x2x4f'), await replica('bcdfg')];
    const pod = await pods.run({ namespace: 'shop', name: 'import-x2x4f', labels: { 'job-name': 'import' } });
    other = await pods.start(pod, { name: 'app', script: listening });
    await until('listeners', () =>
      [...replicas, other].every(({ pid }) => /:1B59 .* 0A /.test(fs.readFileSync(`/proc/${pid}/net/tcp6`, 'latin1'))),
    );
  });
  afterAll(async () => {
    await daemon.stop();
    await pods.removeCgroups();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const names = () => replicas.map(({ name }) => name).sort();

  test('ps --by service: a row for the same container in the pods of a controller', () => {
    const { services } = json('ps', '--by', 'service');
    const rowOf = (wanted: string) => services.find(({ name }: { name: string }) => name === wanted);
    expect(rowOf('kubernetes:shop/deployment/webhook/app')).toMatchObject({
      replicas: 2,
      containers: names(),
      sockets: { byState: { LISTEN: 2 } },
      descriptors: { softLimit: LIMITED.soft, hardLimit: LIMITED.hard },
    });
    expect(rowOf('kubernetes:shop/deployment/webhook/proxy')).toMatchObject({ replicas: 2 });
    expect(rowOf('kubernetes:shop/job/import/app')).toMatchObject({ replicas: 1, containers: [other.name] });
  });

  test('the name of a controller is a TARGET', () => {
    const { containers } = json('ps', 'webhook');
    expect(containers).toHaveLength(4);
    expect(json('ls', 'import', '-tl').sockets).toHaveLength(1);
    expect(cli('ls', 'webhok').stderr).toContain('did you mean webhook?');
  });

  /** Places of the problems about limits of open files, and their fixes. */
  const limits = ({ problems }: Diagnosis) => problems.filter(({ rule }) => /NOFILE|LIMIT_MISMATCH/.test(rule));

  test('doctor: replicas are one place, and the fix is that of the specification', () => {
    const found = limits(json('doctor', 'webhook', '--for', '2s'));
    const places = found.flatMap((problem) => problem.places);
    expect(places.map(({ name, replicas: set }) => ({ name, ...set }))).toContainEqual({
      name: 'Deployment shop/webhook, container app',
      affected: 2,
      examined: 2,
      running: 2,
    });
    for (const { fix } of found) {
      // The limit is in the specification: that of containerd's unit would not apply.
      expect(fix?.where).toBe("containerd's base_runtime_spec");
      expect(fix?.text).toContain('a pod has no field for it');
    }
  });

  test.each(['', '--redact'])('from a recording %s they are the same', (option) => {
    const file = path.join(folder, `replicas${option}.slr`);
    const recorded = cli('record', 'webhook', '--for', '2s', '-o', file, ...(option === '' ? [] : [option]));
    expect(recorded).toMatchObject({ status: 0 });
    const { stdout } = cli('doctor', '--from', file, '--json');
    const found = limits(JSON.parse(stdout) as Diagnosis).flatMap((problem) => problem.places);
    expect(found).toContainEqual(
      expect.objectContaining({
        replicas: { affected: 2, examined: 2, running: option === '' ? 2 : expect.anything() },
      }),
    );
    if (option !== '') expect(stdout).not.toMatch(/webhook|shop/);
  });

  test('limits: where the limit comes from, and how it is set there', () => {
    const { stdout } = cli('limits', names()[0] ?? '');
    expect(stdout).toContain(`${LIMITED.soft}`);
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      "the configuration of containerd (process.rlimits of the container's specification)",
    );
    expect(stdout).not.toContain('systemctl edit containerd.service');
    expect(stdout).toContain('command of container app');
    // One whose specification has none inherits it from containerd.
    expect(cli('limits', other.name).stdout).toContain('systemctl edit containerd.service');
  });
}
