import { nearest } from '../../base/nearest.ts';
import { safeText } from '../../base/safe-text.ts';
import type { ContainerFacts } from '../../model/container/container.ts';
import { ecsTaskOf } from '../../model/container/ecs-task.ts';
import { composeServiceOf, isNamedService, type Service, serviceOf } from '../../model/container/service.ts';
import { Failure } from '../../model/failure.ts';
import { containersCalled } from '../containers/containers-named.ts';
import { matchesPattern } from './target-pattern.ts';

/** The containers of a Compose project, of an ECS task or family, or those of one service in it; each part may be a glob. */
export interface ServiceSpec {
  kind: 'service';
  of: 'compose' | 'ecs';
  /** Project; family of a task definition, or id of a task. */
  group: string;
  /** Service; name in the task definition. Undefined for all. */
  name: string | undefined;
}

const PREFIXES: Readonly<Record<ServiceSpec['of'], { group: string; form: string }>> = {
  compose: { group: 'project', form: 'compose:PROJECT or compose:PROJECT/SERVICE' },
  ecs: { group: 'task definition family or task', form: 'ecs:FAMILY, ecs:FAMILY/CONTAINER or ecs:TASKID' },
};

/** Prefixes of targets that labels name. */
export const SERVICE_PREFIXES = Object.keys(PREFIXES);

/**
 * Parses `compose:PROJECT/SERVICE`, `ecs:FAMILY/CONTAINER`.
 *
 * @returns undefined for text without such a prefix
 * @throws {Failure} `usage` where a part is empty, or there are more than two
 */
export function parseServiceTarget(text: string): ServiceSpec | undefined {
  const [, of, rest = ''] = /^(compose|ecs):(.*)$/s.exec(text) ?? [];
  if (of !== 'compose' && of !== 'ecs') return undefined;
  const [group = '', name, ...more] = rest.split('/');
  if (group === '' || name === '' || more.length > 0)
    throw new Failure('usage', `${text}: expected ${PREFIXES[of].form}`);
  return { kind: 'service', of, group, name };
}

/** Whether a target means a container. */
export function isOfService(container: Pick<ContainerFacts, 'labels'>, { of, group, name }: ServiceSpec): boolean {
  // A container of `docker compose run` is in its project, and no replica of a service.
  if (of === 'compose' && name === undefined) {
    const made = composeServiceOf(container);
    return made !== undefined && matchesPattern(made.project, group);
  }
  const service = serviceOf(container);
  if (service?.kind !== of) return false;
  if (name !== undefined && !matchesPattern(service.short, name)) return false;
  return matchesPattern(service.group, group) || (of === 'ecs' && ecsTaskOf(container)?.task === group);
}

/**
 * Verifies that a bare name means one container or one service.
 *
 * @throws {Failure} `no-target` where no container has the name, and several services have it
 */
export function checkServiceName(
  containers: readonly Pick<ContainerFacts, 'name' | 'runtimeName' | 'id' | 'labels'>[],
  name: string,
): void {
  if (containersCalled(containers, name).length > 0) return;
  const services = containers.map(serviceOf).filter((service) => isNamedService(service, name)) as Service[];
  const [first, ...others] = [...new Set(services.map(typedAs))].sort().map(safeText);
  if (others.length === 0) return;
  throw new Failure(
    'no-target',
    `${name}: several services have this name: ${[first, ...others].join(', ')}; name one of them`,
  );
}

/** The containers of one pod belong to one controller. */
function typedAs({ kind, group, short, key }: Service): string {
  return kind === 'kubernetes' ? `${group}/${short}` : key;
}

/** The error for a target that no running container belongs to. @param containers those that run */
export function noSuchService(
  { of, group, name }: ServiceSpec,
  containers: readonly Pick<ContainerFacts, 'labels'>[],
): Failure {
  const typed = `${of}:${group}${name === undefined ? '' : `/${name}`}`;
  const known = new Set<string>();
  for (const container of containers) {
    const service = serviceOf(container);
    if (service?.kind === of) known.add(name === undefined ? `${of}:${service.group}` : service.key);
  }
  const meant = nearest(typed, [...known]);
  const what = name === undefined ? PREFIXES[of].group : 'service';
  const list = [...known].sort().slice(0, MAX_LISTED).map(safeText).join(', ');
  const hint = meant === undefined ? (list === '' ? 'none has its labels' : `there is ${list}`) : '';
  const end = meant === undefined ? ` (${hint})` : `; did you mean ${safeText(meant)}?`;
  return new Failure('no-target', `${typed}: no container of such a ${what} is running${end}`);
}

/** How many services an error lists. */
const MAX_LISTED = 5;
