import { grouped } from '../../base/lists.ts';
import { isMadeUp } from '../../model/container/short-id.ts';
import { type CgroupContainer, containerOfCgroupText, parseCgroup, readCgroupText } from '../../procfs/cgroup.ts';
import { childrenOf } from '../../procfs/children.ts';
import { type Bundle, bundleFolderIdentity, readBundles, readShim, type Shim } from '../../procfs/shim.ts';
import { readStat } from '../../procfs/stat.ts';
import { type ContainerdContainer, factsOf, isDocker, uniqueId } from '../../runtimes/containerd/container-facts.ts';
import { readSpecification } from '../../runtimes/containerd/specification.ts';

/** How many bytes of specifications are read of one containerd. They have some kilobytes each. */
const SPEC_BYTES = { trusted: 256 * 1024 * 1024, others: 8 * 1024 * 1024 };

/** A shim, and what its word is worth. */
export interface KnownShim extends Shim {
  /** Id of the container that it runs in, as in a node of kind; absent on the host. */
  node?: string;
  /**
   * Whether it is one of the machine's administrator: outside every container, of user 0. Any other is believed about
   * its own children alone.
   */
  isTrusted: boolean;
}

/**
 * The shims of containerd, and what they tell without any API: which sockets are in use, which containers run, their
 * names and processes.
 *
 * A container's first process is a child of its shim. A process that merely calls itself a shim has no children but its
 * own: what it says of other processes is not taken.
 */
export class ShimTable {
  readonly #proc: string;
  readonly #pids: () => readonly number[];
  #read: { of: readonly number[]; shims: KnownShim[]; cgroups: NamedCgroup[] } | undefined;

  /** @param pids of the processes that are called like a shim; the same array as long as they are the same */
  constructor(pids: () => readonly number[], proc: string) {
    this.#pids = pids;
    this.#proc = proc;
  }

  /** Those that run now, without Docker's. */
  shims(): readonly KnownShim[] {
    return this.#now().shims;
  }

  /**
   * The container whose cgroup path has no id but a name that a person chose, `/default/web`.
   *
   * @param text of `/proc/PID/cgroup`
   */
  containerOfCgroup(text: string): CgroupContainer | undefined {
    const { cgroups } = this.#now();
    if (cgroups.length === 0) return undefined;
    const entries = parseCgroup(text);
    return cgroups.find(({ hierarchy, path }) =>
      entries.some((entry) => entry.hierarchy === hierarchy && isWithin(entry.path, path)),
    )?.container;
  }

  /** The running containers of some shims, as their bundles describe them. */
  containers(shims: readonly KnownShim[]): ContainerdContainer[] {
    const found: ContainerdContainer[] = [];
    const budget = { bytes: shims.every(({ isTrusted }) => isTrusted) ? SPEC_BYTES.trusted : SPEC_BYTES.others };
    for (const [identity, together] of grouped(shims, (shim) => bundleFolderIdentity(shim, this.#proc) ?? 'denied')) {
      const [first] = together;
      const bundles = identity === 'denied' || first === undefined ? undefined : readBundles(first, budget, this.#proc);
      // Without the bundles there is still the command line.
      found.push(...this.#containersOf(together, bundles ?? together.map(withoutBundle)));
    }
    return found;
  }

  #containersOf(shims: readonly KnownShim[], bundles: readonly Bundle[]): ContainerdContainer[] {
    const processes = new FirstProcesses(shims, this.#proc);
    const found: ContainerdContainer[] = [];
    for (const bundle of bundles) {
      const first = processes.of(bundle);
      if (first === undefined) continue;
      const { pid, shim } = first;
      const { annotations, hostNetwork, ...declared } = readSpecification(bundle.spec);
      const id = uniqueId({ namespace: shim.namespace, id: bundle.id }, shim.node);
      const facts = factsOf(id, annotations, hostNetwork);
      found.push({
        namespace: shim.namespace,
        isDescribed: bundle.spec !== undefined,
        details: {
          ...facts,
          ...declared,
          published: [],
          running: true,
          pid,
          ...(isOrdinary(shim.uid) && { reportedBy: shim.uid }),
        },
      });
    }
    return found;
  }

  #now(): { shims: KnownShim[]; cgroups: NamedCgroup[] } {
    const pids = this.#pids();
    if (this.#read?.of === pids) return this.#read;
    const shims = pids.flatMap((pid) => {
      const shim = readShim(pid, this.#proc);
      return shim === undefined || isDocker(shim.namespace) ? [] : this.#known(shim);
    });
    this.#read = { of: pids, shims, cgroups: namedCgroups(shims, this.#proc) };
    return this.#read;
  }

  #known(shim: Shim): KnownShim {
    const text = readCgroupText(shim.pid, this.#proc);
    const node = text === undefined ? undefined : containerOfCgroupText(text)?.id;
    return { ...shim, ...(node !== undefined && { node }), isTrusted: node === undefined && shim.uid === 0 };
  }
}

/** The containers' first processes: children of their shims. */
class FirstProcesses {
  readonly #shims: ReadonlyMap<number, KnownShim>;
  readonly #proc: string;
  #children: Map<string, { pid: number; shim: KnownShim }> | undefined;

  constructor(shims: readonly KnownShim[], proc: string) {
    this.#shims = new Map(shims.map((shim) => [shim.pid, shim]));
    this.#proc = proc;
  }

  /** @returns undefined for a container that does not run, or that is not one of these shims' */
  of({ id, initPid }: Bundle): { pid: number; shim: KnownShim } | undefined {
    const parent = initPid === undefined ? undefined : readStat(initPid, this.#proc)?.parentPid;
    const shim = parent === undefined ? undefined : this.#shims.get(parent);
    if (initPid !== undefined && shim !== undefined && this.#mayBe(initPid, id)) return { pid: initPid, shim };
    // The PID is one of another PID namespace, as in a node of kind.
    this.#children ??= this.#childrenById();
    return this.#children.get(id);
  }

  /** Whether the cgroup of a process is not that of another container. */
  #mayBe(pid: number, id: string): boolean {
    const named = idInCgroup(pid, this.#proc);
    return named === undefined || named === id || !isMadeUp(id);
  }

  /** Children of the shims by the id in their cgroup path; the only one of a shim by the shim's id as well. */
  #childrenById(): Map<string, { pid: number; shim: KnownShim }> {
    const found = new Map<string, { pid: number; shim: KnownShim }>();
    for (const shim of this.#shims.values()) {
      const children = childrenOf(shim.pid, this.#proc);
      for (const pid of children) {
        const id = idInCgroup(pid, this.#proc);
        // The first one that started; `exec` starts others.
        if (id !== undefined && id !== shim.node && !found.has(id)) found.set(id, { pid, shim });
      }
      const [pid] = children;
      if (pid !== undefined && !isMadeUp(shim.id)) found.set(shim.id, { pid, shim });
    }
    return found;
  }
}

/** Whether a user is another one than root and the reader. */
function isOrdinary(uid: number): boolean {
  return uid !== 0 && uid !== process.geteuid?.();
}

function idInCgroup(pid: number, proc: string): string | undefined {
  const text = readCgroupText(pid, proc);
  return text === undefined ? undefined : containerOfCgroupText(text)?.id;
}

function withoutBundle({ id }: Shim): Bundle {
  return { id, spec: undefined, initPid: undefined };
}

/** A cgroup whose path names a container in its runtime's own way. */
interface NamedCgroup {
  hierarchy: number;
  path: string;
  container: CgroupContainer;
}

/**
 * The cgroups of containers with ids that a person chose: those of the children of their shims, unless they are the
 * shim's own.
 */
function namedCgroups(shims: readonly KnownShim[], proc: string): NamedCgroup[] {
  return shims.flatMap((shim): NamedCgroup[] => {
    if (isMadeUp(shim.id)) return [];
    const container = { runtime: 'containerd', id: uniqueId(shim, shim.node) };
    const own = parseCgroup(readCgroupText(shim.pid, proc) ?? '');
    return childrenOf(shim.pid, proc).flatMap((pid) =>
      parseCgroup(readCgroupText(pid, proc) ?? '')
        .filter(({ hierarchy, path }) => {
          const ofShim = own.find((entry) => entry.hierarchy === hierarchy)?.path;
          return path !== '/' && (ofShim === undefined || !isWithin(ofShim, path));
        })
        .map(({ hierarchy, path }) => ({ hierarchy, path: upToName(path, shim), container })),
    );
  });
}

/** A program such as systemd makes cgroups below its container's: the container is all of them. */
function upToName(path: string, { namespace, id }: Shim): string {
  const name = `/${namespace}/${id}`;
  const at = `${path}/`.indexOf(`${name}/`);
  return at < 0 ? path : path.slice(0, at + name.length);
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}
