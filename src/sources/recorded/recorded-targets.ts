import { containersNamed } from '../../collect/containers/containers-named.ts';
import { meantByPod, parsePodTarget } from '../../collect/target/pod-target.ts';
import { checkServiceName, isOfService, parseServiceTarget } from '../../collect/target/service-target.ts';
import { isLike, isPattern } from '../../collect/target/target-pattern.ts';
import { beginsWith } from '../../model/container/short-id.ts';
import type { WatchedContainer, WatchedNetns } from '../../model/netns/netns.ts';
import { intersection, type Scope, scopeOf } from '../../model/netns/scope.ts';

/** What of a namespace a TARGET as typed means: a container, or undefined for the whole namespace. */
export type Meant = WatchedContainer | undefined;

/** What a TARGET as typed means in a namespace of a recording, as on a machine; empty for nothing. */
export function meantIn(namespace: WatchedNetns, typed: string): Meant[] {
  const { scope, name, targets } = namespace;
  const containers = namespace.containers.filter(({ id }) => scope?.includes(id) ?? true);
  if (typed === 'all') return containers.length > 0 ? containers : [undefined];
  if (typed === 'host' && namespace.host) return [undefined];
  const service = parseServiceTarget(typed);
  if (service !== undefined) return containers.filter((container) => isOfService(container, service));
  const pod = parsePodTarget(typed);
  if (pod !== undefined) {
    const { containers: meant, isWhole } = meantByPod(containers, pod);
    return meant.length > 0 && isWhole && !namespace.host ? [undefined] : meant;
  }
  const { runtime, wanted } = containerNameIn(typed);
  if (isPattern(wanted)) return containers.filter((container) => isLike(container, wanted, runtime));
  const named = containersNamed(containers, wanted);
  if (named.length > 0) return named;
  const byId = containers.filter(({ id }) => beginsWith(id, wanted));
  if (byId.length > 0) return byId;
  return name === typed || targets.includes(typed) ? [undefined] : [];
}

function containerNameIn(typed: string): { runtime: string | undefined; wanted: string } {
  const [, runtime, wanted = ''] = /^(?:(docker|podman|containerd|cri-o):)?(.*)$/s.exec(typed) ?? [];
  return { runtime, wanted };
}

/** Verifies that names of TARGETs as typed mean one container or service each. @throws {Failure} `no-target` */
export function checkNames(namespaces: readonly WatchedNetns[], text: string): void {
  const containers = namespaces.flatMap((namespace) => namespace.containers);
  for (const typed of targetsIn(text)) checkServiceName(containers, containerNameIn(typed).wanted);
}

/** Whether a TARGET as typed means a namespace of a recording, or a part of it. */
export function isTargetOf(namespace: WatchedNetns, target: string): boolean {
  return meantIn(namespace, target).length > 0;
}

/** What of a namespace TARGETs as typed mean together, of what was recorded. */
export function recordedScope(namespace: WatchedNetns, targets: readonly string[]): Scope {
  const meant = targets.flatMap((typed) => meantIn(namespace, typed));
  const wanted = scopeOf(
    meant.map((container) => container?.id),
    namespace,
  );
  return intersection(namespace.scope, wanted);
}

/** The TARGETs of a text with commas. */
export function targetsIn(text: string): string[] {
  return text.split(',').filter((part) => part !== '');
}
