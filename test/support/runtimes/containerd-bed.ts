import { execFileSync } from 'node:child_process';
import { containerdSource } from '../../../src/collect/containers/containerd-source.ts';
import { ShimTable } from '../../../src/collect/containers/shim-table.ts';
import { SHIM } from '../../../src/procfs/shim.ts';
import { CriRuntime } from '../../../src/runtimes/containerd/cri-runtime.ts';
import type { Runtime } from '../../../src/runtimes/runtime.ts';
import { until } from '../netns.ts';
import { removeCgroups } from '../private-processes.ts';
import { BOX_IMAGE, LIMITED, OWN_NAMESPACE, type TestContainerd } from './containerd.ts';
import type { RuntimeBed, StartedContainer } from './contract.ts';
import type { Pods, TestPod } from './pods.ts';

/** containerd through CRI alone, as a setting names it. */
export function criBed(containerd: TestContainerd, pods: Pods): RuntimeBed {
  const env = { CONTAINER_RUNTIME_ENDPOINT: `unix://${containerd.socket}` };
  return bedOfPods(containerd, pods, env, () => new CriRuntime('containerd', containerd.socket));
}

/** The pods of a containerd that no setting names: its shims lead to it. */
export async function podBed(containerd: TestContainerd, pods: Pods): Promise<RuntimeBed> {
  const bed = bedOfPods(containerd, pods, {}, () => runtimeOfShims(containerd));
  await bed.run();
  return bed;
}

/** Each container is in a pod of its own. */
function bedOfPods(
  containerd: TestContainerd,
  pods: Pods,
  env: Record<string, string>,
  runtime: () => Runtime,
): RuntimeBed {
  const podOf = new Map<string, TestPod>();
  let attempt = 0;
  return {
    name: 'containerd',
    keepsStopped: true,
    limits: LIMITED,
    view: { env, prefix: containerd.asMachine },
    runtime,
    async run({ name, script, labels, nofile } = {}) {
      const pod = await pods.run({
        ...(name !== undefined && { name }),
        ...(labels !== undefined && { labels }),
        ...(nofile !== undefined && { handler: 'limited' }),
      });
      const container = await pods.start(pod, { ...(script !== undefined && { script }) });
      podOf.set(container.id, pod);
      return container;
    },
    stop: ({ id }) => pods.stopContainer(id),
    async again({ id }) {
      const pod = podOf.get(id);
      if (pod === undefined) throw new Error(`${id}: of no pod`);
      const container = await pods.start(pod, { attempt: ++attempt });
      podOf.set(container.id, pod);
      return container;
    },
    remove: ({ id }) => pods.removeContainer(id),
    async end() {
      for (const pod of new Set(podOf.values())) await pods.remove(pod);
      podOf.clear();
    },
  };
}

/** The adapter that the shims of a containerd lead to: one of its containers has to run. */
function runtimeOfShims({ socket }: TestContainerd): Runtime {
  const pids = () => execFileSync('pgrep', ['-f', SHIM], { encoding: 'utf8' }).trim().split('\n').map(Number);
  const place = containerdSource(new ShimTable(pids, '/proc'), {}, '/proc')
    .find(pids)
    .find((each) => each.socket?.path === socket);
  if (place === undefined) throw new Error('no containerd');
  return place.open();
}

/** containerd's own containers, those of `ctr`, under the contract of runtimes. */
export async function ctrBed(containerd: TestContainerd): Promise<RuntimeBed> {
  const namespace = OWN_NAMESPACE;
  const made = new Set<string>();
  const cgroups = new Set([`/${namespace}`]);
  let counter = 0;
  const ctr = (...args: string[]) => containerd.ctr(namespace, ...args);
  const ownId = (id: string) => id.slice(id.indexOf('/') + 1);
  const isInTable = (id: string, state: string) =>
    ctr('tasks', 'ls')
      .split('\n')
      .some((line) => line.startsWith(`${id} `) && line.includes(state));
  /** The second column of `ctr tasks ls`. */
  const started = (id: string): StartedContainer => {
    const line = ctr('tasks', 'ls')
      .split('\n')
      .find((each) => each.startsWith(`${id} `));
    return { id: `${namespace}/${id}`, name: `${namespace}/${id}`, pid: Number(line?.split(/\s+/)[1]) };
  };
  const stop = async ({ id }: Pick<StartedContainer, 'id'>) => {
    ctr('tasks', 'kill', '--signal', 'KILL', ownId(id));
    await until('the end of the task', () => isInTable(ownId(id), 'STOPPED'));
  };
  const run: RuntimeBed['run'] = async ({ name = `c${counter++}-box`, script = 'exec sleep 1000000', labels } = {}) => {
    const options = Object.entries(labels ?? {}).flatMap(([label, value]) => ['--label', `${label}=${value}`]);
    const command = ['--runc-root', `${containerd.folder}/runc`, BOX_IMAGE, name, '/bin/sh', '-c', script];
    ctr('run', '--detach', '--snapshotter', containerd.snapshotter, ...options, ...command);
    made.add(name);
    return started(name);
  };
  // A containerd is found by its shims.
  await run();
  return {
    name: 'containerd',
    keepsStopped: false,
    idsAreChosen: true,
    view: { env: {}, prefix: containerd.asMachine },
    runtime: () => runtimeOfShims(containerd),
    run,
    stop,
    async again({ id }) {
      ctr('tasks', 'delete', ownId(id));
      ctr('tasks', 'start', '--detach', ownId(id));
      return started(ownId(id));
    },
    async remove({ id }) {
      ctr('tasks', 'delete', ownId(id));
      ctr('containers', 'delete', ownId(id));
      made.delete(ownId(id));
    },
    async end() {
      for (const id of made) {
        if (isInTable(id, 'RUNNING')) await stop({ id });
        if (isInTable(id, 'STOPPED')) ctr('tasks', 'delete', id);
        ctr('containers', 'delete', id);
      }
      made.clear();
      await removeCgroups(cgroups);
    },
  };
}
