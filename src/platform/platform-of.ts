import type { EcsPlatform, Platform, PlatformFacts } from '../model/container/platform.ts';

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
    (inContainer ? { kind: 'docker', name, hostNetwork } : undefined) ??
    outside(facts)
  );
}

/** Values of {@link PlatformFacts.runtime} for targets that are not containers. */
const NOT_CONTAINERS = ['pid', 'netns', 'host'];

const ECS = 'com.amazonaws.ecs';

/** The ECS agent sets name and revision of the task definition as labels on every container. */
function ecs({ labels, cgroupPaths, runtime }: PlatformFacts, hostNetwork: boolean): EcsPlatform | undefined {
  const family = labels[`${ECS}.task-definition-family`];
  const inTask = cgroupPaths.some((path) => /^\/ecs\/|\/ecstasks\.slice\//.test(`${path}/`));
  if (family === undefined && labels[`${ECS}.task-arn`] === undefined && !inTask && runtime !== 'ecs') return undefined;
  const revision = labels[`${ECS}.task-definition-version`];
  const container = labels[`${ECS}.container-name`];
  return {
    kind: runtime === 'ecs' ? 'ecs-fargate' : 'ecs-ec2',
    ...(family !== undefined && { family }),
    ...(revision !== undefined && { revision }),
    ...(container !== undefined && { container }),
    hostNetwork,
  };
}

/** With Docker the labels of the kubelet identify the pod; with other runtimes the cgroup path does. */
function kubernetes({ labels, cgroupPaths, runtime }: PlatformFacts, hostNetwork: boolean): Platform | undefined {
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
    hostNetwork,
  };
}

function swarm(labels: PlatformFacts['labels'], hostNetwork: boolean): Platform | undefined {
  const service = labels['com.docker.swarm.service.name'];
  return service === undefined ? undefined : { kind: 'swarm', service, hostNetwork };
}

function compose({ labels }: PlatformFacts, hostNetwork: boolean): Platform | undefined {
  const service = labels['com.docker.compose.service'];
  if (service === undefined) return undefined;
  const files = labels['com.docker.compose.project.config_files'] ?? '';
  return {
    kind: 'compose',
    project: labels['com.docker.compose.project'] ?? '',
    service,
    files: files.split(',').filter((file) => file !== ''),
    hostNetwork,
  };
}

function podman({ labels, name }: PlatformFacts, hostNetwork: boolean): Platform {
  const unit = labels.PODMAN_SYSTEMD_UNIT;
  return { kind: 'podman', name, ...(unit !== undefined && { unit }), hostNetwork };
}

function outside({ cgroupPaths, process }: PlatformFacts): Platform {
  // Units can be nested (user@1000.service): the innermost one counts.
  for (const path of cgroupPaths) {
    const unit = path.split('/').findLast((part) => part.endsWith('.service'));
    if (unit !== undefined) return { kind: 'systemd', unit };
  }
  return { kind: 'process', pid: process?.pid ?? 1, name: process?.name ?? '' };
}
