import { nearest } from '../../base/nearest.ts';
import { safeText } from '../../base/safe-text.ts';
import type { ContainerFacts } from '../../model/container/container.ts';
import { type PodOfContainer, podName, podOf } from '../../model/container/pod.ts';
import { Failure } from '../../model/failure.ts';
import { isPattern, matchesPattern } from './target-pattern.ts';

/** A pod, or one of its containers, as typed: `[NAMESPACE/]POD[/CONTAINER]`; each part may be a glob. */
export interface PodSpec {
  kind: 'pod';
  /** The text as typed. */
  text: string;
  /** One to three. */
  parts: readonly string[];
}

type InPod = Pick<ContainerFacts, 'name' | 'labels' | 'pod'>;

/** What a {@link PodSpec} means among containers. */
export interface PodMeaning<T> {
  /** In the order of the containers. */
  containers: T[];
  /** Whether the pods are meant, each as a place; otherwise the containers alone. */
  isWhole: boolean;
}

/**
 * Parses `pod:NAMESPACE/POD/CONTAINER`.
 *
 * @returns undefined for text without such a prefix
 * @throws {Failure} `usage` where a part is empty, or there are more than three
 */
export function parsePodTarget(text: string): PodSpec | undefined {
  if (!text.startsWith('pod:')) return undefined;
  const parts = text.slice('pod:'.length).split('/');
  if (parts.includes('') || parts.length > 3)
    throw new Failure('usage', `${text}: expected pod:POD, pod:NAMESPACE/POD or pod:NAMESPACE/POD/CONTAINER`);
  return { kind: 'pod', text, parts };
}

/** What a target means among containers. Two parts are NAMESPACE/POD where there is such a pod, else POD/CONTAINER. */
export function meantByPod<T extends InPod>(containers: readonly T[], { parts }: PodSpec): PodMeaning<T> {
  const [first = '', second, third] = parts;
  const of = (isMeant: (pod: PodOfContainer, container: T) => boolean): T[] =>
    containers.filter((container) => {
      const pod = podOf(container);
      return pod !== undefined && isMeant(pod, container);
    });
  if (second === undefined) return { containers: of(({ name }) => matchesPattern(name, first)), isWhole: true };
  const inNamespace = of(
    (pod, container) =>
      matchesPattern(pod.namespace ?? '', first) &&
      matchesPattern(pod.name, second) &&
      (third === undefined || matchesPattern(nameInPod(pod, container), third)),
  );
  if (third !== undefined) return { containers: inNamespace, isWhole: false };
  if (inNamespace.length > 0) return { containers: inNamespace, isWhole: true };
  const inPod = of(
    (pod, container) => matchesPattern(pod.name, first) && matchesPattern(nameInPod(pod, container), second),
  );
  return { containers: inPod, isWhole: false };
}

/**
 * As {@link meantByPod}.
 *
 * @throws {Failure} `no-target` where no pod is meant, or where pods of several namespaces have the name
 */
export function podsMeant<T extends InPod>(containers: readonly T[], spec: PodSpec): PodMeaning<T> {
  const meaning = meantByPod(containers, spec);
  if (meaning.containers.length === 0) throw noSuchPod(spec, containers);
  if (!isPattern(spec.text)) {
    const named = new Set(
      meaning.containers.map((container) =>
        meaning.isWhole ? podText(container) : `${podText(container)}/${spec.parts.at(-1)}`,
      ),
    );
    if (named.size > 1) {
      const list = [...named].sort().map(safeText).join(', ');
      throw new Failure('no-target', `${spec.text}: several namespaces have a pod of this name: ${list}`);
    }
  }
  return meaning;
}

/** A container's pod as a TARGET, `pod:NAMESPACE/POD`; the container's name outside of pods. */
export function podText(container: InPod): string {
  const pod = podOf(container);
  return pod === undefined ? container.name : `pod:${podName(pod)}`;
}

/** Name of a container within its pod: of a pod of Podman its own. */
function nameInPod(pod: PodOfContainer, { name }: InPod): string {
  return pod.container ?? name;
}

function noSuchPod({ text, parts }: PodSpec, containers: readonly InPod[]): Failure {
  const known = new Map<string, string>();
  for (const container of containers) {
    const pod = podOf(container);
    if (pod === undefined) continue;
    const whole = podText(container);
    const own = nameInPod(pod, container);
    if (parts.length < 3) known.set(`pod:${pod.name}`, whole).set(whole, whole);
    if (parts.length > 1)
      known.set(`pod:${pod.name}/${own}`, `${whole}/${own}`).set(`${whole}/${own}`, `${whole}/${own}`);
  }
  const meant = known.get(nearest(text, [...known.keys()]) ?? '');
  const what = parts.length === 3 ? 'such a container of a pod' : 'such a pod';
  const list = [...new Set(known.values())].sort().slice(0, MAX_LISTED).map(safeText).join(', ');
  const hint =
    list === '' ? 'no pod is running, or its runtime does not answer: see `socklens runtimes`' : `there is ${list}`;
  const end = meant === undefined || meant === text ? ` (${hint})` : `; did you mean ${safeText(meant)}?`;
  return new Failure('no-target', `${text}: ${what} is not running${end}`);
}

/** How many pods an error lists. */
const MAX_LISTED = 5;
