import type { ContainerDetails } from '../../model/container/container.ts';
import { ECS_LABELS } from '../../model/container/ecs-task.ts';
import {
  asArray,
  asArrayOrNone,
  asInteger,
  asObject,
  asObjectOrNone,
  asString,
  asStringOrNone,
  type JsonObject,
  ShapeError,
} from '../docker/json.ts';

/** Id of a container: on Fargate the task's id and a number, elsewhere that of Docker. */
const ID = /^(?:[0-9a-f]{32}-\d{1,20}|[0-9a-f]{64})$/;

/**
 * The containers of a task, from its metadata endpoint, version 4.
 *
 * @param json the answer to `GET ${ECS_CONTAINER_METADATA_URI_V4}/task`
 * @throws {ShapeError} when it is not that
 */
export function readTask(json: unknown): ContainerDetails[] {
  const task = asObject(json, '');
  const ofTask = {
    [ECS_LABELS.cluster]: asString(task.Cluster, 'Cluster'),
    [ECS_LABELS.task]: asString(task.TaskARN, 'TaskARN'),
    [ECS_LABELS.family]: asString(task.Family, 'Family'),
    [ECS_LABELS.revision]: asString(task.Revision, 'Revision'),
  };
  return asArray(task.Containers, 'Containers').map((entry, index) => {
    const where = `Containers[${index}]`;
    return readContainer(asObject(entry, where), ofTask, where);
  });
}

function readContainer(
  container: JsonObject,
  ofTask: Readonly<Record<string, string>>,
  where: string,
): ContainerDetails {
  const id = asString(container.DockerId, `${where}.DockerId`);
  if (!ID.test(id)) throw new ShapeError(`${where}.DockerId should be the id of a container`);
  const name = asString(container.Name, `${where}.Name`);
  const image = asStringOrNone(container.Image, `${where}.Image`);
  const startedAt = readTime(container, 'StartedAt', where);
  const finishedAt = readTime(container, 'FinishedAt', where);
  const running = asString(container.KnownStatus, `${where}.KnownStatus`) === 'RUNNING';
  return {
    runtime: id.includes('-') ? 'ecs' : 'docker',
    id,
    name: asStringOrNone(container.DockerName, `${where}.DockerName`) || name,
    labels: { ...readLabels(container, where), ...ofTask, [ECS_LABELS.container]: name },
    // In `awsvpc` mode all containers of a task have the one address of its interface.
    addresses: [],
    gateways: [],
    networkMode: networkModeOf(container, where),
    running,
    limits: [],
    command: [],
    sysctls: {},
    published: readPorts(container, where),
    ...(image !== '' && { image }),
    ...(startedAt !== undefined && { startedAt }),
    ...(!running && finishedAt !== undefined && { finishedAt }),
  };
}

function readLabels(container: JsonObject, where: string): Record<string, string> {
  const labels = asObjectOrNone(container.Labels, `${where}.Labels`);
  return Object.fromEntries(
    Object.entries(labels).map(([label, value]) => [
      label,
      asString(value, `${where}.Labels[${JSON.stringify(label)}]`),
    ]),
  );
}

function networkModeOf(container: JsonObject, where: string): string {
  const [first] = asArrayOrNone(container.Networks, `${where}.Networks`);
  const network = asObjectOrNone(first, `${where}.Networks[0]`);
  return asStringOrNone(network.NetworkMode, `${where}.Networks[0].NetworkMode`) || 'awsvpc';
}

/** `[{"ContainerPort": 8080, "Protocol": "tcp", "HostPort": 8080}]` */
function readPorts(container: JsonObject, where: string): ContainerDetails['published'] {
  return asArrayOrNone(container.Ports, `${where}.Ports`).map((entry, index) => {
    const at = `${where}.Ports[${index}]`;
    const port = asObject(entry, at);
    const hostPort = port.HostPort === undefined ? 0 : asInteger(port.HostPort, `${at}.HostPort`);
    return {
      proto: asStringOrNone(port.Protocol, `${at}.Protocol`) || 'tcp',
      containerPort: asInteger(port.ContainerPort, `${at}.ContainerPort`),
      ...(hostPort !== 0 && { hostPort }),
    };
  });
}

function readTime(container: JsonObject, field: string, where: string): string | undefined {
  const text = asStringOrNone(container[field], `${where}.${field}`);
  if (text === '') return undefined;
  if (Number.isNaN(Date.parse(text))) throw new ShapeError(`${where}.${field} should be a time`);
  return text;
}
