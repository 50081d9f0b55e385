import type { ContainerFacts } from './container.ts';
import { ECS_LABELS, ecsTaskOf } from './ecs-task.ts';
import { workloadOf } from './workload.ts';

/** What containers are instances of, as their labels say. */
export interface Service {
  /** Who started them. */
  kind: 'compose' | 'ecs' | 'swarm' | 'kubernetes';
  /** Project of Compose, family of an ECS task definition, namespace of Kubernetes; empty where there is none. */
  group: string;
  /** Its own name, for a sentence: `webhook`; of Kubernetes that of the controller. */
  short: string;
  /**
   * The same for all instances, and unique on the machine; of Compose and ECS it is a TARGET: `compose:shop/webhook`.
   * Containers of one pod are instances of different ones.
   */
  key: string;
  /** To print: `service webhook`, `ECS container hooks/receiver`, `Deployment shop/webhook, container app`. */
  name: string;
}

type Labelled = Pick<ContainerFacts, 'labels'>;

/** https://docs.docker.com/reference/compose-file/services#labels: reserved for Compose itself. */
const COMPOSE = 'com.docker.compose';

/** The container of a task in `awsvpc` mode that holds the network namespace of the others. */
const ECS_PAUSE = '~internal~ecs~pause';

/** The service of Compose that a container was made from. */
export interface ComposeService {
  /** Empty where the label is missing. */
  project: string;
  service: string;
  /** Made by `docker compose run`: none of the service's replicas. */
  oneOff: boolean;
}

/** What the labels of Compose say; undefined for a container that it did not make. */
export function composeServiceOf({ labels }: Labelled): ComposeService | undefined {
  const service = labels[`${COMPOSE}.service`];
  if (service === undefined) return undefined;
  const oneOff = labels[`${COMPOSE}.oneoff`]?.toLowerCase() === 'true';
  return { project: labels[`${COMPOSE}.project`] ?? '', service, oneOff };
}

/** The service that a container is an instance of, by its labels; undefined for a container without. */
export function serviceOf({ labels }: Labelled): Service | undefined {
  if (holdsOnlyNamespace({ labels })) return undefined;
  const swarm = labels['com.docker.swarm.service.name'];
  if (swarm !== undefined)
    return { kind: 'swarm', group: '', short: swarm, key: `swarm:${swarm}`, name: `service ${swarm}` };
  const compose = composeServiceOf({ labels });
  if (compose !== undefined) {
    const { project: group, service: short, oneOff } = compose;
    return oneOff
      ? undefined
      : { kind: 'compose', group, short, key: `compose:${group}/${short}`, name: `service ${short}` };
  }
  return ecsService({ labels }) ?? podService({ labels });
}

/** Whether a name means a service: its own, or that with its group, `shop/api`, `hooks/receiver`. */
export function isNamedService(service: Pick<Service, 'group' | 'short'> | undefined, name: string): boolean {
  return service !== undefined && (service.short === name || `${service.group}/${service.short}` === name);
}

function ecsService({ labels }: Labelled): Service | undefined {
  const { container, family: group = '' } = ecsTaskOf({ labels }) ?? {};
  if (container === undefined) return undefined;
  const path = `${group}/${container}`;
  return { kind: 'ecs', group, short: container, key: `ecs:${path}`, name: `ECS container ${path}` };
}

/** The same container in all pods of one controller. */
function podService({ labels }: Labelled): Service | undefined {
  const workload = workloadOf({ labels });
  if (workload === undefined) return undefined;
  const { kind, name: short } = workload;
  const group = labels['io.kubernetes.pod.namespace'] ?? '';
  const container = labels['io.kubernetes.container.name'] ?? '';
  return {
    kind: 'kubernetes',
    group,
    short,
    key: `kubernetes:${group}/${kind.toLowerCase()}/${short}/${container}`,
    name: `${kind} ${group}/${short}${container === '' ? '' : `, container ${container}`}`,
  };
}

/**
 * Whether a container is there only to hold a namespace: the pause container of a pod or of an ECS task. It
 * has no sockets.
 */
export function holdsOnlyNamespace({ labels }: Labelled): boolean {
  return (
    labels['io.kubernetes.docker.type'] === 'podsandbox' ||
    labels['io.cri-containerd.kind'] === 'sandbox' ||
    labels[ECS_LABELS.container] === ECS_PAUSE
  );
}
