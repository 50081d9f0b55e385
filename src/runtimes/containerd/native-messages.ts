/** The messages of containerd's own API that are asked for, https://github.com/containerd/containerd/tree/main/api. */
import { bytes, int32, list, message, nested, text, textMap } from '../../protobuf/message.ts';

/** Header that names the namespace of containerd that a call concerns; every call but a few needs one. */
export const NAMESPACE_HEADER = 'containerd-namespace';

/** Path of a method: `/containerd.services.tasks.v1.Tasks/List`. */
export function nativeMethod(
  service: 'namespaces' | 'tasks' | 'containers' | 'events' | 'version',
  method: string,
): string {
  const name = service[0]?.toUpperCase() + service.slice(1);
  return `/containerd.services.${service}.v1.${name}/${method}`;
}

/** Of a list without a filter, and of Version. */
export const Empty = message({});

export const VersionAnswer = message({ version: text(1) });

export const NamespacesAnswer = message({ namespaces: list(nested(1, message({ name: text(1) }))) });

/** Process.status of a task whose processes run, or are frozen. */
export const TASK_STATUS = { RUNNING: 2, PAUSED: 4, PAUSING: 5 } as const;

const Task = message({ id: text(2), status: int32(4) });

export const TasksAnswer = message({ tasks: list(nested(1, Task)) });

/** `spec` is an Any whose value is the OCI specification as JSON. */
const Container = message({
  id: text(1),
  labels: textMap(2),
  image: text(3),
  runtime: nested(4, message({ name: text(1) })),
  spec: nested(5, message({ value: bytes(2) })),
});

export const ContainersAnswer = message({ containers: list(nested(1, Container)) });

/** A container as containerd keeps it. */
export type NativeContainer = ReturnType<typeof Container.decode>;

export const SubscribeRequest = message({ filters: list(text(1)) });
export const Envelope = message({ namespace: text(2), topic: text(3), event: nested(4, message({ value: bytes(2) })) });

/** `id` is the container's for its first process, another for one of `exec`. */
export const TaskExit = message({ containerId: text(1), id: text(2) });

export const GetRequest = message({ id: text(1) });
export const GetAnswer = message({ container: nested(1, Container) });
