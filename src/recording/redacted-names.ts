import { nameInArn } from '../model/container/ecs-task.ts';
import type { PodOfContainer } from '../model/container/pod.ts';
import { stemOf, WORKLOAD_LABELS } from '../model/container/workload.ts';
import type { Aliases } from '../model/redaction/aliases.ts';
import { PLATFORM_LABELS, PUBLIC_NAMES } from '../model/redaction/common-names.ts';

/**
 * Removes all labels but {@link PLATFORM_LABELS}, whose values are replaced (of an ARN only the name is kept), and those
 * that tell which containers are replicas.
 */
export function redactedLabels(aliases: Aliases, labels: Readonly<Record<string, string>>): Record<string, string> {
  const ofPlatform = Object.entries(labels).filter(([label]) => PLATFORM_LABELS.has(label));
  const redacted = ofPlatform.map(([label, value]) => [label, labelValue(aliases, label, value)]);
  return { ...Object.fromEntries(redacted), ...workloadLabels(aliases, labels) };
}

/** A name of anything, `pid:N` too. */
export function named(aliases: Aliases, text: string): string {
  const pid = /^pid:(\d+)$/.exec(text)?.[1];
  if (pid !== undefined) return `pid:${aliases.pid(Number(pid))}`;
  // A path is a file's; `FAMILY/CONTAINER` and `NAMESPACE/POD/CONTAINER` are names of their parts.
  if (!/^[^/]+(\/[^/]+){1,2}$/.test(text)) return part(aliases, text);
  const parts = text.split('/');
  const isPod = parts.length === 3 && !/^[0-9a-f]{8}$/.test(parts[2] ?? '');
  return parts.map((one, at) => (isPod && at === 1 ? pod(aliases, one) : part(aliases, one))).join('/');
}

/** `NAMESPACE/POD/CONTAINER` of a target; POD alone where it is one part. */
export function namedPod(aliases: Aliases, text: string): string {
  const parts = text.split('/');
  const at = parts.length === 1 ? 0 : 1;
  return parts.map((one, index) => (index === at ? pod(aliases, one) : part(aliases, one))).join('/');
}

/** The pod of a container, by the aliases of its name. */
export function redactedPod(
  aliases: Aliases,
  { id, name, namespace, uid, container, attempt }: PodOfContainer,
): PodOfContainer {
  return {
    id: aliases.id(id),
    name: pod(aliases, name),
    ...(namespace !== undefined && { namespace: part(aliases, namespace) }),
    ...(uid !== undefined && { uid: aliases.of('uid', uid) }),
    ...(container !== undefined && { container: part(aliases, container) }),
    ...(attempt !== undefined && { attempt }),
  };
}

/** Values of labels are aliases of their own: a container's name has the same, part by part. */
function labelValue(aliases: Aliases, label: string, value: string): string {
  return label === 'io.kubernetes.pod.name' ? pod(aliases, value) : part(aliases, nameInArn(value));
}

/** What a controller adds to a pod's name says nothing about anybody, and tells which pods are replicas. */
function pod(aliases: Aliases, name: string): string {
  const stem = stemOf(name);
  // An alias ends in a number, like a replica.
  return stem === name ? `${part(aliases, name)}-pod` : part(aliases, stem) + name.slice(stem.length);
}

function part(aliases: Aliases, text: string): string {
  return text === '' || PUBLIC_NAMES.test(text) ? text : aliases.of('name', text);
}

/** Labels by which containers are replicas, or are none. */
function workloadLabels(aliases: Aliases, labels: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(labels).flatMap(([label, value]): [string, string][] => {
    if (label === 'com.docker.compose.oneoff') return [[label, /^true$/i.test(value) ? 'True' : 'False']];
    if (!WORKLOAD_LABELS.includes(label)) return [];
    if (/^[a-z0-9]+$/.test(value) && /hash$|index$|generation$/.test(label)) return [[label, value]];
    if (label.endsWith('pod-name')) return [[label, pod(aliases, value)]];
    const [, job = value, minute = ''] = /^(.+)(-\d{8})$/.exec(value) ?? [];
    return [[label, part(aliases, job) + minute]];
  });
  return Object.fromEntries(entries);
}
