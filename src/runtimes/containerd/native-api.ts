import { isDocker } from './container-facts.ts';
import { GRPC_STATUS, type GrpcConnection, GrpcStatusError } from './grpc.ts';
import {
  ContainersAnswer,
  Empty,
  GetAnswer,
  GetRequest,
  NAMESPACE_HEADER,
  NamespacesAnswer,
  type NativeContainer,
  nativeMethod,
  TASK_STATUS,
  TasksAnswer,
  VersionAnswer,
} from './native-messages.ts';

/** containerd's version: `1.6.20~ds1`. */
export async function versionOf(connection: GrpcConnection): Promise<string> {
  const { version } = VersionAnswer.decode(await connection.call(nativeMethod('version', 'Version'), Empty.encode({})));
  return version;
}

/** The namespaces of a containerd, without Docker's. */
export async function namespacesOf(connection: GrpcConnection): Promise<string[]> {
  const answer = await connection.call(nativeMethod('namespaces', 'List'), Empty.encode({}));
  return NamespacesAnswer.decode(answer)
    .namespaces.map(({ name }) => name)
    .filter((name) => !isDocker(name));
}

/** The running containers of a namespace, with two questions at once. */
export async function runningContainers(connection: GrpcConnection, namespace: string): Promise<NativeContainer[]> {
  const ask = (service: 'tasks' | 'containers') =>
    connection.call(nativeMethod(service, 'List'), Empty.encode({}), { [NAMESPACE_HEADER]: namespace });
  const [tasks, containers] = await Promise.all([ask('tasks'), ask('containers')]);
  const running = TasksAnswer.decode(tasks).tasks.filter(({ status }) => RUNS.has(status));
  const ids = new Set(running.map(({ id }) => id));
  return ContainersAnswer.decode(containers).containers.filter(({ id }) => ids.has(id));
}

const RUNS: ReadonlySet<number> = new Set(Object.values(TASK_STATUS));

/** A container, running or not; undefined where there is none of this id. */
export async function container(
  connection: GrpcConnection,
  namespace: string,
  id: string,
): Promise<NativeContainer | undefined> {
  try {
    const request = GetRequest.encode({ id });
    const answer = await connection.call(nativeMethod('containers', 'Get'), request, { [NAMESPACE_HEADER]: namespace });
    return GetAnswer.decode(answer).container;
  } catch (error) {
    if (error instanceof GrpcStatusError && error.status === GRPC_STATUS.NOT_FOUND) return undefined;
    throw error;
  }
}
