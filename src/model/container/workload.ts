import type { ContainerFacts } from './container.ts';

/** The controller of Kubernetes that made a pod. */
export interface Workload {
  /** `pods` where only the pod's name tells that there is a controller. */
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Job' | 'CronJob' | 'pods';
  /** Its name: `webhook` of the pod `webhook-7c9d8b6f5d-x2x4f`. */
  name: string;
}

/** Labels that controllers put on their pods, https://kubernetes.io/docs/reference/labels-annotations-taints. */
const LABELS = {
  templateHash: 'pod-template-hash',
  revisionHash: 'controller-revision-hash',
  generation: 'pod-template-generation',
  statefulPod: 'statefulset.kubernetes.io/pod-name',
  index: 'apps.kubernetes.io/pod-index',
  jobs: ['batch.kubernetes.io/job-name', 'job-name'],
} as const;

/** The labels of a pod that {@link workloadOf} reads. */
export const WORKLOAD_LABELS: readonly string[] = [
  LABELS.templateHash,
  LABELS.revisionHash,
  LABELS.generation,
  LABELS.statefulPod,
  LABELS.index,
  ...LABELS.jobs,
];

/** Letters and digits of generated names: no vowels, none that look alike (apimachinery, util/rand). */
const SAFE = '[bcdfghjklmnpqrstvwxz2456789]';

/** What controllers append to their names; the first that matches counts. */
const SUFFIXES: readonly { kind: Workload['kind']; pattern: RegExp }[] = [
  // The minute that it was scheduled for, since 1970.
  { kind: 'CronJob', pattern: new RegExp(`^(.+)-\\d{8}-${SAFE}{5}$`) },
  { kind: 'Deployment', pattern: new RegExp(`^(.+)-${SAFE}{6,10}-${SAFE}{5}$`) },
  { kind: 'pods', pattern: new RegExp(`^(.+)-${SAFE}{5}$`) },
  { kind: 'pods', pattern: /^(.+)-\d{1,5}$/ },
];

/**
 * The controller of the pod that a container is in: by the labels that it put on the pod, else by the form of the name
 * that it gave it.
 *
 * @returns undefined outside of Kubernetes, and for a pod of its own
 */
export function workloadOf({ labels }: Pick<ContainerFacts, 'labels'>): Workload | undefined {
  const pod = labels['io.kubernetes.pod.name'];
  return pod === undefined ? undefined : (workloadByLabels(pod, labels) ?? workloadByName(pod));
}

function workloadByLabels(pod: string, labels: Readonly<Record<string, string>>): Workload | undefined {
  const job = LABELS.jobs.map((label) => labels[label]).find((name) => name !== undefined);
  if (job !== undefined) {
    const cron = /^(.+)-\d{8}$/.exec(job)?.[1];
    return cron === undefined ? { kind: 'Job', name: job } : { kind: 'CronJob', name: cron };
  }
  const hash = labels[LABELS.templateHash];
  // The name of a long Deployment is cut, and the hash with it.
  const atHash = hash === undefined ? -1 : pod.lastIndexOf(`-${hash}-`);
  if (hash !== undefined) return { kind: 'Deployment', name: atHash > 0 ? pod.slice(0, atHash) : stemOf(pod) };
  if (labels[LABELS.statefulPod] !== undefined || labels[LABELS.index] !== undefined)
    return { kind: 'StatefulSet', name: pod.replace(/-\d+$/, '') };
  const isDaemon = labels[LABELS.generation] !== undefined || labels[LABELS.revisionHash] !== undefined;
  return isDaemon ? { kind: 'DaemonSet', name: pod.replace(new RegExp(`-${SAFE}{5}$`), '') } : undefined;
}

function workloadByName(pod: string): Workload | undefined {
  for (const { kind, pattern } of SUFFIXES) {
    const name = pattern.exec(pod)?.[1];
    if (name !== undefined) return { kind, name };
  }
  return undefined;
}

/** The part of a pod's name that its controller chose; the whole name of a pod of its own. */
export function stemOf(pod: string): string {
  return workloadByName(pod)?.name ?? pod;
}
