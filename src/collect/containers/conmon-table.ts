import type { ContainerDetails, ContainerFacts } from '../../model/container/container.ts';
import { podOf } from '../../model/container/pod.ts';
import { regularJson } from '../../procfs/bounded-file.ts';
import { type CgroupContainer, containerOfProcess } from '../../procfs/cgroup.ts';
import { childrenOf } from '../../procfs/children.ts';
import { type Conmon, readConmon } from '../../procfs/conmon.ts';
import { readNamespace } from '../../procfs/namespaces.ts';
import { MOST_SPEC_BYTES } from '../../procfs/shim.ts';
import { startTimeMs } from '../../procfs/start-time.ts';
import { readSpecification, type SpecificationFacts } from '../../runtimes/containerd/specification.ts';
import type { ContainerStorage } from './container-storage.ts';

/** Annotations that Podman has in common with CRI-O, pkg/annotations of CRI-O. */
const KIND = 'io.kubernetes.cri-o.ContainerType';
const SANDBOX = 'io.kubernetes.cri-o.SandboxID';

/** What Podman appends to the beginning of a pod's id, as the name of the container that holds its namespaces. */
const INFRA = /^([0-9a-f]{12})-infra$/;

/**
 * The conmons of Podman and CRI-O, and what they tell without any API: which containers run, their names and processes.
 *
 * A container's first process is a child of its conmon. A process that merely calls itself conmon has no children but
 * its own, and what it says of them is its user's word. Those inside of a container are left aside.
 */
export class ConmonTable {
  readonly #proc: string;
  readonly #pids: () => readonly number[];
  readonly #storage: ContainerStorage;
  #read: { of: readonly number[]; conmons: Conmon[]; spaces?: ReadonlyMap<number, CgroupContainer> } | undefined;

  /** @param pids of the processes that are called conmon; the same array as long as they are the same */
  constructor(pids: () => readonly number[], storage: ContainerStorage, proc: string) {
    this.#pids = pids;
    this.#storage = storage;
    this.#proc = proc;
  }

  /** Those that run now. */
  conmons(): readonly Conmon[] {
    const pids = this.#pids();
    if (this.#read?.of === pids) return this.#read.conmons;
    const conmons = pids
      .map((pid) => readConmon(pid, this.#proc))
      .filter((conmon) => conmon !== undefined)
      .filter(({ pid }) => containerOfProcess(pid, this.#proc) === undefined);
    this.#read = { of: pids, conmons };
    return conmons;
  }

  /** The running containers of some conmons. */
  containers(conmons: readonly Conmon[]): ContainerDetails[] {
    const seen = conmons.map((conmon) => this.#seen(conmon)).filter((each) => each !== undefined);
    const pods = new PodmanPods(seen);
    return seen.map((each) => this.#container(each, pods));
  }

  /** @returns undefined for one whose container has not started yet, or has ended */
  #seen(conmon: Conmon): SeenContainer | undefined {
    const pid = this.#firstProcess(conmon);
    if (pid === undefined) return undefined;
    const { id, storage } = conmon;
    const folder = storage === undefined ? undefined : `${this.#proc}/${conmon.pid}/root${storage}`;
    const spec = readSpecification(folder && regularJson(`${folder}/${id}/userdata/config.json`, MOST_SPEC_BYTES));
    const { name = conmon.name, image } = (folder && this.#storage.containersIn(folder).get(id)) || {};
    return { conmon, pid, name, spec, image };
  }

  /**
   * The container of a process that no cgroup tells, as where a user's Podman manages none: the one whose PID namespace
   * it is in. Undefined where several containers share that.
   */
  containerOf(pid: number): CgroupContainer | undefined {
    const conmons = this.conmons();
    if (conmons.length === 0 || this.#read === undefined) return undefined;
    this.#read.spaces ??= this.#pidNamespaces(conmons);
    if (this.#read.spaces.size === 0) return undefined;
    const own = readNamespace(pid, 'pid', this.#proc);
    return own === undefined ? undefined : this.#read.spaces.get(own);
  }

  /** The PID namespaces of containers without a cgroup of their own. */
  #pidNamespaces(conmons: readonly Conmon[]): Map<number, CgroupContainer> {
    const found = new Map<number, CgroupContainer>();
    const shared = new Set<number>();
    for (const conmon of conmons) {
      const first = this.#firstProcess(conmon);
      if (first === undefined || containerOfProcess(first, this.#proc) !== undefined) continue;
      const space = readNamespace(first, 'pid', this.#proc);
      if (space === undefined || space === readNamespace(conmon.pid, 'pid', this.#proc)) continue;
      if (found.has(space)) shared.add(space);
      found.set(space, { runtime: conmon.manager, id: conmon.id });
    }
    for (const space of shared) found.delete(space);
    return found;
  }

  #container({ conmon, pid, name, spec, image }: SeenContainer, pods: PodmanPods): ContainerDetails {
    const startedMs = startTimeMs(pid, this.#proc);
    return {
      runtime: conmon.manager,
      id: conmon.id,
      name,
      labels: labelsOf(spec),
      ...pods.of(conmon, spec),
      addresses: [],
      gateways: [],
      ...(spec.hostNetwork && { networkMode: 'host' }),
      pid,
      ...(startedMs !== undefined && { startedAt: new Date(startedMs).toISOString() }),
      ...(isOrdinary(conmon.uid) && { reportedBy: conmon.uid }),
      running: true,
      command: spec.command,
      limits: spec.limits,
      sysctls: spec.sysctls,
      ...(spec.pidsLimit !== undefined && { pidsLimit: spec.pidsLimit }),
      ...(image !== undefined && { image }),
      published: [],
    };
  }

  /**
   * A container has a mount namespace of its own. The other children of its conmon have not: the OCI runtime that makes
   * it, and Podman, which cleans up when it has ended.
   */
  #firstProcess({ pid, id }: Conmon): number | undefined {
    const own = readNamespace(pid, 'mnt', this.#proc);
    return childrenOf(pid, this.#proc).find((child) => {
      const inCgroup = containerOfProcess(child, this.#proc)?.id;
      if (inCgroup !== undefined) return inCgroup === id;
      const its = readNamespace(child, 'mnt', this.#proc);
      return own !== undefined && its !== undefined && its !== own;
    });
  }
}

/** A running container, as its conmon and its specification describe it. */
interface SeenContainer {
  conmon: Conmon;
  pid: number;
  name: string;
  spec: SpecificationFacts;
  image: string | undefined;
}

/** The labels of Kubernetes that CRI-O writes into a specification; those of Podman are in its database alone. */
function labelsOf({ annotations }: SpecificationFacts): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => OF_KUBERNETES.test(name)));
}

const OF_KUBERNETES = /^io\.kubernetes\.(?:pod|container)\./;

/** Which containers are in a pod, and which one holds its namespaces: the others name it in their specifications. */
class PodmanPods {
  readonly #infra = new Map<string, string>();

  constructor(containers: readonly SeenContainer[]) {
    for (const { spec } of containers) {
      const sandbox = spec.annotations[SANDBOX];
      if (sandbox !== undefined) this.#infra.set(sandbox, sandbox.slice(0, SHORT_ID));
    }
    // Podman's pods have no name here: the beginning of the id, as in the name of what holds the namespaces.
    for (const { conmon } of containers) {
      const pod = INFRA.exec(conmon.name)?.[1];
      if (pod !== undefined && conmon.manager === 'podman') this.#infra.set(conmon.id, pod);
    }
  }

  of({ id }: Conmon, { annotations }: SpecificationFacts): Pick<ContainerFacts, 'pod' | 'isInfra'> {
    const isInfra = annotations[KIND] === 'sandbox' || this.#infra.has(id);
    const sandbox = isInfra ? id : annotations[SANDBOX];
    const name = sandbox === undefined ? undefined : this.#infra.get(sandbox);
    const pod = sandbox !== undefined && name !== undefined && podOf({ labels: annotations }) === undefined;
    return { ...(pod && { pod: { id: sandbox, name } }), ...(isInfra && { isInfra }) };
  }
}

/** Digits of a short id. */
const SHORT_ID = 12;

/** Whether a user is neither root nor the reader. */
function isOrdinary(uid: number): boolean {
  return uid !== 0 && uid !== process.geteuid?.();
}
