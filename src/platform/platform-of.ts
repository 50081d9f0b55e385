import { ecsTaskOf } from '../model/container/ecs-task.ts';
import type { EcsPlatform, Platform, PlatformFacts } from '../model/container/platform.ts';
import { composeServiceOf } from '../model/container/service.ts';

/** The platform of a container or process, by its labels first, then by its cgroup. */
export function platformOf(facts: PlatformFacts): Platform {
  const { labels, name, runtime } = facts;
  const hostNetwork = facts.networkMode === 'host';
  const inContainer = !NOT_CONTAINERS.includes(runtime);
  return (
    ecs(facts, hostNetwork) ??
    kubernetes(facts, hostNetwork) ??
    swarm(labels, hostNetwork) ??
    compose(facts, hostNetwork) ??
    (runtime === 'podman' ? podman(facts, hostNetwork) : undefined) ??
    (runtime === 'containerd' ? { kind: 'containerd', name, hostNetwork } : undefined) ??
    machine(facts, hostNetwork) ??
    (inContainer ? { kind: 'docker', name, hostNetwork } : undefined) ??
    outside(facts)
  );
}

/** Values of {@link PlatformFacts.runtime} for targets that are not containers. */
const NOT_CONTAINERS = ['pid', 'netns', 'host'];

/** The ECS agent labels every container with its task; the cgroup tells where no runtime answers. */
function ecs({ labels, cgroupPaths, runtime }: PlatformFacts, hostNetwork: boolean): EcsPlatform | undefined {
  const task = ecsTaskOf({ labels });
  const inTask = cgroupPaths.some((path) => /^\/ecs\/|\/ecstasks\.slice\//.test(`${path}/`));
  if (task === undefined && !inTask && runtime !== 'ecs') return undefined;
  return { kind: runtime === 'ecs' ? 'ecs-fargate' : 'ecs-ec2', ...task, hostNetwork };
}

/** With Docker the labels of the kubelet identify the pod; with other runtimes the cgroup path does. */
function kubernetes(
  { labels, cgroupPaths, runtime, declared }: PlatformFacts,
  hostNetwork: boolean,
): Platform | undefined {
  const namespace = labels['io.kubernetes.pod.namespace'];
  const pod = labels['io.kubernetes.pod.name'];
  const container = labels['io.kubernetes.container.name'];
  const inPod = cgroupPaths.some((path) => /(^|\/)kubepods([.-]|\/|$)/.test(path));
  if (pod === undefined && !inPod && runtime !== 'kubernetes' && runtime !== 'cri-o') return undefined;
  return {
    kind: 'kubernetes',
    ...(namespace !== undefined && { namespace }),
    ...(pod !== undefined && { pod }),
    ...(container !== undefined && { container }),
    runtime,
    ...(declared !== undefined && { specified: declared }),
    hostNetwork,
  };
}

function swarm(labels: PlatformFacts['labels'], hostNetwork: boolean): Platform | undefined {
  const service = labels['com.docker.swarm.service.name'];
  return service === undefined ? undefined : { kind: 'swarm', service, hostNetwork };
}

function compose({ labels }: PlatformFacts, hostNetwork: boolean): Platform | undefined {
  const made = composeServiceOf({ labels });
  if (made === undefined) return undefined;
  const files = labels['com.docker.compose.project.config_files'] ?? '';
  return {
    kind: 'compose',
    ...made,
    files: files.split(',').filter((file) => file !== ''),
    hostNetwork,
  };
}

function podman({ labels, name }: PlatformFacts, hostNetwork: boolean): Platform {
  const unit = labels.PODMAN_SYSTEMD_UNIT;
  return { kind: 'podman', name, ...(unit !== undefined && { unit }), hostNetwork };
}

function machine({ runtime, name, cgroupPaths }: PlatformFacts, hostNetwork: boolean): Platform | undefined {
  const kind = MACHINES.find((each) => each === runtime);
  if (kind === undefined) return undefined;
  const unit = cgroupPaths.map(unitInside).find((each) => each !== undefined);
  return { kind, name, ...(unit !== undefined && { unit }), hostNetwork };
}

const MACHINES = ['nspawn', 'lxc', 'lxd', 'incus'] as const;

/** The unit in the part of a path that is below the machine's own cgroup. */
function unitInside(path: string): string | undefined {
  const [, inside] = /\/(?:payload|lxc\.payload\.[^/]+)(\/.*)$/.exec(path) ?? [];
  return inside?.split('/').findLast((part) => part.endsWith('.service'));
}

function outside({ cgroupPaths, process }: PlatformFacts): Platform {
  // Units can be nested (user@1000.service): the innermost one counts.
  for (const path of cgroupPaths) {
    const unit = path.split('/').findLast((part) => part.endsWith('.service'));
    if (unit !== undefined) return { kind: 'systemd', unit };
  }
  return { kind: 'process', pid: process?.pid ?? 1, name: process?.name ?? '' };
}
