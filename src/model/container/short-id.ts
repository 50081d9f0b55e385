/** A container of a task on Fargate: the task's id, which all of them have, and a number. */
const FARGATE = /^([0-9a-f]{8})[0-9a-f]{24}-(\d+)$/;

/** An id that a runtime has made up. */
const MADE_UP = /^[0-9a-f]{64}$/;

/**
 * The beginning of a container's id, as runtimes print it; on Fargate that of the task's id, and the number. One that a
 * person chose, for a container of containerd, is as it is.
 */
export function shortIdOf(id: string): string {
  if (MADE_UP.test(id)) return id.slice(0, 12);
  const [, task, number] = FARGATE.exec(id) ?? [];
  return task === undefined ? id : `${task}-${number}`;
}

/** Whether an id is the 64 hexadecimal digits that runtimes make up, and cgroup paths name containers by. */
export function isMadeUp(id: string): boolean {
  return MADE_UP.test(id);
}

/** Whether a container has no name but the beginning of its id, as one that no runtime has listed. */
export function isUnnamed({ id, name }: { id: string; name: string }): boolean {
  return name === shortIdOf(id) && name !== id;
}

/** At least four hexadecimal digits: fewer would mean too many. */
const PREFIX = /^[0-9a-f]{4,64}$/;

/** Whether an id begins with a text that is typed for it. One that a person chose is typed as a whole. */
export function beginsWith(id: string, typed: string): boolean {
  return PREFIX.test(typed) && id.startsWith(typed) && shortIdOf(id) !== id;
}
