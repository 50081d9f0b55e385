import type { ContainerFacts } from '../../model/container/container.ts';
import type { PodOfContainer } from '../../model/container/pod.ts';
import { readId, readStrings } from '../docker/container-json.ts';
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

/** A container as libpod lists it. */
export interface LibpodContainer {
  id: string;
  name: string;
  labels: Readonly<Record<string, string>>;
  /** PID of its first process, in the PID namespace of Podman; undefined when not running. */
  pid?: number;
  /** ISO 8601, in whole seconds; undefined when never started. */
  startedAt?: string;
  /** Inode of its network namespace; undefined when not running. */
  netns?: number;
  /** Names of its networks. */
  networks: readonly string[];
  pod?: PodOfContainer;
  /** Whether it only holds the namespaces of its pod. */
  isInfra: boolean;
}

/**
 * The answer to `GET /libpod/containers/json?namespace=true` by id.
 *
 * @throws {ShapeError} when it is not that
 */
export function readLibpodList(json: unknown): Map<string, LibpodContainer> {
  return new Map(
    asArray(json, '').map((entry, index) => {
      const where = `[${index}]`;
      const container = asObject(entry, where);
      const read = readContainer(container, where);
      return [read.id, read] as const;
    }),
  );
}

function readContainer(container: JsonObject, where: string): LibpodContainer {
  const id = readId(container, where);
  const [name = id.slice(0, 12)] = asArrayOrNone(container.Names, `${where}.Names`);
  const pid = asInteger(container.Pid, `${where}.Pid`);
  const seconds = container.StartedAt === undefined ? 0 : asInteger(container.StartedAt, `${where}.StartedAt`);
  const netns = readNetns(container, where);
  const pod = asStringOrNone(container.Pod, `${where}.Pod`);
  return {
    id,
    name: asString(name, `${where}.Names[0]`),
    labels: readStrings(container.Labels, `${where}.Labels`),
    networks: asArrayOrNone(container.Networks, `${where}.Networks`).map((name, at) =>
      asString(name, `${where}.Networks[${at}]`),
    ),
    isInfra: container.IsInfra === true,
    ...(pod !== '' && {
      pod: { id: pod, name: asStringOrNone(container.PodName, `${where}.PodName`) || pod.slice(0, 12) },
    }),
    ...(pid > 0 && { pid }),
    ...(netns !== undefined && { netns }),
    ...(isTime(seconds) && { startedAt: new Date(seconds * 1000).toISOString() }),
  };
}

/** Decimal digits in a string; empty when not running. */
function readNetns(container: JsonObject, where: string): number | undefined {
  const namespaces = asObjectOrNone(container.Namespaces, `${where}.Namespaces`);
  const text = asStringOrNone(namespaces.Net, `${where}.Namespaces.Net`);
  if (text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new ShapeError(`${where}.Namespaces.Net should be an inode number`);
  return Number(text);
}

/** Go's zero time, of a container that never started, is in the year 1; JavaScript's dates end in the year 275760. */
function isTime(seconds: number): boolean {
  return seconds > 0 && seconds < 8.64e12;
}

/**
 * How a container is on the network, as the Engine's API spells it: libpod's list has the names of its networks, and
 * the namespace that it shares with another one.
 *
 * @returns undefined where the list does not tell: the host's network, none, or that of a program (slirp4netns, pasta)
 */
export function networkModeOf(id: string, list: ReadonlyMap<string, LibpodContainer>): ContainerFacts['networkMode'] {
  const container = list.get(id);
  const [network, ...others] = container?.networks ?? [];
  if (network !== undefined) return others.length === 0 && network === DEFAULT_NETWORK ? 'bridge' : network;
  if (container?.netns === undefined) return undefined;
  for (const [owner, { netns, networks }] of list) {
    if (owner !== id && netns === container.netns && networks.length > 0) return `container:${owner}`;
  }
  return undefined;
}

/** Podman's default network, a bridge. */
const DEFAULT_NETWORK = 'podman';
