import type { ContainerFacts } from './container.ts';

/** The task of ECS that a container belongs to. Absent fields have no label. */
export interface EcsTask {
  /** Name of the cluster, which the agent writes as it is configured: by its name or its ARN. */
  cluster?: string;
  /** Id of the task, the end of its ARN. */
  task?: string;
  /** Family and revision of its task definition. */
  family?: string;
  revision?: string;
  /** Name of the container in the task definition. */
  container?: string;
}

/** Labels that the ECS agent sets on every container of a task. */
export const ECS_LABELS = {
  cluster: 'com.amazonaws.ecs.cluster',
  task: 'com.amazonaws.ecs.task-arn',
  family: 'com.amazonaws.ecs.task-definition-family',
  revision: 'com.amazonaws.ecs.task-definition-version',
  /** Name in the task definition. */
  container: 'com.amazonaws.ecs.container-name',
} as const;

/** What the labels of the ECS agent say; undefined for a container that it did not start. */
export function ecsTaskOf({ labels }: Pick<ContainerFacts, 'labels'>): EcsTask | undefined {
  const { [ECS_LABELS.cluster]: cluster, [ECS_LABELS.task]: task, [ECS_LABELS.family]: family } = labels;
  const { [ECS_LABELS.revision]: revision, [ECS_LABELS.container]: container } = labels;
  if ((task ?? family ?? container) === undefined) return undefined;
  return {
    ...(cluster !== undefined && { cluster: nameInArn(cluster) }),
    ...(task !== undefined && { task: nameInArn(task) }),
    ...(family !== undefined && { family }),
    ...(revision !== undefined && { revision }),
    ...(container !== undefined && { container }),
  };
}

/** The name at the end of an ARN; a text that is none as it is. */
export function nameInArn(text: string): string {
  return text.startsWith('arn:') ? text.slice(text.lastIndexOf('/') + 1) : text;
}
