import { grouped } from '../../base/lists.ts';
import type { ContainerFacts } from './container.ts';
import { ecsTaskOf } from './ecs-task.ts';
import { holdsOnlyNamespace } from './service.ts';

/** Digits of a task's id that tell the tasks of one family apart. */
const TASK_DIGITS = 8;

type Named = Pick<ContainerFacts, 'id' | 'name' | 'labels'>;

/**
 * The name of a container by the labels of what started it: `FAMILY/CONTAINER` of ECS, `NAMESPACE/POD/CONTAINER` of
 * Kubernetes on Docker. Undefined where the runtime's own name is as good.
 */
export function labelledName({ labels }: Pick<Named, 'labels'>): string | undefined {
  if (holdsOnlyNamespace({ labels })) return undefined;
  const { family, container } = ecsTaskOf({ labels }) ?? {};
  if (family !== undefined && container !== undefined) return `${family}/${container}`;
  const pod = ['pod.namespace', 'pod.name', 'container.name'].map((label) => labels[`io.kubernetes.${label}`]);
  return pod.includes(undefined) ? undefined : pod.join('/');
}

/**
 * Gives containers the names by which they are shown. Containers of several tasks of one family, which have the same
 * name, are distinguished by the beginning of the task's id: `hooks/receiver/4b1d3ab4`.
 *
 * @param containers all that run
 * @param known names that were shown before, by id: they stay while new tasks come
 */
export function withShownNames<T extends Named & { runtimeName?: string }>(
  containers: readonly T[],
  known: ReadonlyMap<string, string> = new Map(),
): T[] {
  const byName = grouped(containers, labelledName);
  const taken = new Map(containers.map(({ id }) => [known.get(id), id]));
  return containers.map((container) => {
    const plain = labelledName(container);
    if (plain === undefined || plain === container.name) return container;
    const isFree = (byName.get(plain)?.length ?? 0) === 1 && (taken.get(plain) ?? container.id) === container.id;
    const before = known.get(container.id);
    const isKept = before?.startsWith(plain) ?? false;
    const name = isKept && before !== undefined ? before : isFree ? plain : `${plain}/${distinction(container)}`;
    return { ...container, name, runtimeName: container.runtimeName ?? container.name };
  });
}

function distinction({ id, labels }: Named): string {
  return (ecsTaskOf({ labels })?.task ?? id).slice(0, TASK_DIGITS);
}
