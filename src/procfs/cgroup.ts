import fs from 'node:fs';
import { otherThreadFolder } from './living-thread.ts';
import { isGoneOrDenied, PROC, readProcText } from './read.ts';

/** Where the cgroup file systems are mounted, cgroups(7). */
export const CGROUP_ROOT = '/sys/fs/cgroup';

/** One line of `/proc/PID/cgroup`: `4:memory:/docker/ID`, or `0::/docker/ID` for version 2. */
export interface CgroupEntry {
  /** Hierarchy number; 0 for version 2. */
  hierarchy: number;
  /** `memory`, `cpu,cpuacct`, `name=systemd`; empty for version 2. */
  controllers: string;
  /** As the reader's cgroup namespace sees it: a path outside of that namespace begins with `/..`. */
  path: string;
}

/** What a cgroup path says about the container that a process runs in. */
export interface CgroupContainer {
  /**
   * `docker`, `podman`, `containerd`, `cri-o`, `ecs`; `kubernetes` where the path names a pod but no runtime; `lxc` (LXD and
   * Incus as well), `nspawn`.
   */
  runtime: string;
  /** 64 hexadecimal digits; on Fargate 32, a hyphen and a decimal number; of a machine `nspawn/NAME`, `lxc/NAME`. */
  id: string;
  /** The name of a machine, which its path has instead of an id; absent for others. Not safe for a terminal. */
  name?: string;
}

/**
 * The container that a process runs in, by its cgroup.
 *
 * @returns undefined when it runs in none, has exited, or cannot be read
 */
export function containerOfProcess(pid: number, proc = PROC): CgroupContainer | undefined {
  const text = readCgroupText(pid, proc);
  return text === undefined ? undefined : containerOfCgroupText(text);
}

/**
 * `/proc/PID/cgroup`. Version 1 says `/` for a main thread that has ended while others run (kernel/cgroup/cgroup.c,
 * proc_cgroup_show, PF_EXITING): then that of another thread.
 */
export function readCgroupText(pid: number, proc = PROC): string | undefined {
  const text = readProcText(`${proc}/${pid}/cgroup`);
  if (text === undefined || !EVERY_ROOT.test(text)) return text;
  const thread = otherThreadFolder(pid, proc);
  return (thread === undefined ? undefined : readProcText(`${thread}/cgroup`)) ?? text;
}

/** Every version 1 line has the root cgroup. */
const EVERY_ROOT = /^(?:[1-9]\d*:[^:\n]*:\/\n)+(?:0::.*\n)?$/;

/**
 * The kernel's id of the process's version 2 cgroup, the value of sock_diag's CGROUP_ID attribute: the
 * inode number of the cgroup's directory.
 *
 * @param root where cgroups are mounted: version 2 alone, or version 1 with version 2 in `unified`
 * @returns undefined for the root cgroup, which does not identify a container, for one outside the
 *   reader's cgroup namespace, and where version 2 is not mounted
 */
export function readCgroupId(pid: number, proc = PROC, root = CGROUP_ROOT): bigint | undefined {
  const text = readCgroupText(pid, proc);
  const path = text === undefined ? undefined : unifiedPath(parseCgroup(text));
  return path === undefined ? undefined : cgroupIdOfPath(path, root);
}

/**
 * The id of a cgroup of version 2 by its path.
 *
 * @param path as {@link CgroupEntry.path}
 * @param root see {@link readCgroupId}
 */
export function cgroupIdOfPath(path: string, root = CGROUP_ROOT): bigint | undefined {
  if (path === '/' || path.startsWith('/..')) return undefined;
  try {
    // readProcText decodes each byte as one character.
    return fs.statSync(Buffer.from(cgroupRootFor(root) + path, 'latin1'), { bigint: true }).ino;
  } catch (error) {
    if (isGoneOrDenied(error)) return undefined;
    throw error;
  }
}

/** Where version 2 is mounted: at the root itself, or beside version 1 in `unified`. */
export function cgroupRootFor(root = CGROUP_ROOT): string {
  return fs.existsSync(`${root}/cgroup.controllers`) ? root : `${root}/unified`;
}

/** The lines of `/proc/PID/cgroup`. Malformed lines are left out. */
export function parseCgroup(text: string): CgroupEntry[] {
  const entries: CgroupEntry[] = [];
  for (const line of text.split('\n')) {
    const first = line.indexOf(':');
    const second = line.indexOf(':', first + 1);
    if (first < 1 || second < 0) continue;
    const path = line.slice(second + 1);
    entries.push({
      hierarchy: Number(line.slice(0, first)),
      controllers: line.slice(first + 1, second),
      path: path.endsWith(DELETED) ? path.slice(0, -DELETED.length) : path,
    });
  }
  return entries;
}

/** What the kernel appends to the path of a cgroup that was removed under its last process. */
const DELETED = ' (deleted)';

/**
 * The container that the text of `/proc/PID/cgroup` names. Version 2 is asked first, then version 1
 * in the order in which runtimes can be relied on to use its controllers: on a hybrid host either
 * can be the one that names it.
 */
export function containerOfCgroupText(text: string): CgroupContainer | undefined {
  // Called for every process of the host: most texts contain no id and are rejected by one test.
  if (!ANY_ID.test(text)) return undefined;
  const entries = parseCgroup(text).sort((a, b) => preference(a) - preference(b));
  for (const { path } of entries) {
    const container = containerOfCgroup(path);
    if (container !== undefined) return container;
  }
  return undefined;
}

const ANY_ID = /[0-9a-f]{32}|\/payload(?:[/ ]|$)|\/lxc[./]/m;

function preference({ hierarchy, controllers }: CgroupEntry): number {
  if (hierarchy === 0) return 0;
  const rank = ['memory', 'pids', 'name=systemd'].indexOf(controllers);
  return rank < 0 ? 4 : 1 + rank;
}

/** The path of version 2: `0::/docker/ID`. */
function unifiedPath(entries: readonly CgroupEntry[]): string | undefined {
  return entries.find((entry) => entry.hierarchy === 0 && entry.controllers === '')?.path;
}

/**
 * The container that a cgroup path names: the innermost one, so that a container inside another is
 * reported as itself.
 */
export function containerOfCgroup(path: string): CgroupContainer | undefined {
  const components = path.split('/');
  for (let index = components.length - 1; index > 0; index--) {
    const container = containerOfComponent(components, index);
    if (container !== undefined) return container;
  }
  return undefined;
}

/**
 * `ID`, `docker-ID.scope`, `libpod-ID`; and `SLICE:cri-containerd:ID`, which is how runc spells a
 * systemd path when it uses the cgroup file system itself.
 */
const COMPONENT = /^(?:(?:[^:]*:)?([a-z-]+)[-:])?([0-9a-f]{64})(\.scope)?$/;

/** A container on Fargate: the task's id and a number, below `/ecs/TASK`. */
const FARGATE = /^[0-9a-f]{32}-\d+$/;

const RUNTIME_BY_PREFIX: ReadonlyMap<string, string> = new Map([
  ['docker', 'docker'],
  ['cri-containerd', 'containerd'],
  ['nerdctl', 'containerd'],
  ['crio', 'cri-o'],
  ['libpod', 'podman'],
  ['libpod-payload', 'podman'],
]);

/** LXC's since 4.0, which LXD and Incus use: doc/cgroups of LXC. */
const LXC_PAYLOAD = 'lxc.payload.';

/** The units of a machine, systemd-nspawn(1): that of systemd-nspawn itself, or the scope that it registers. */
const NSPAWN_UNIT = /^(?:systemd-nspawn@(.+)\.service|machine-(.+)\.scope)$/;

/** A user's own machines are other ones than root's of the same name. */
const USER_SLICE = /^user-(\d+)\.slice$/;

/** The machine, which has a whole system inside, that a component of a cgroup path is the root of. */
function machineOfComponent(components: readonly string[], index: number): CgroupContainer | undefined {
  const component = components[index] ?? '';
  const parent = components[index - 1] ?? '';
  if (component.startsWith(LXC_PAYLOAD))
    return machine('lxc', component.slice(LXC_PAYLOAD.length), components.slice(0, index));
  // Up to LXC 3.
  if (parent === 'lxc' && index === 2) return machine('lxc', component, []);
  // A virtual machine has a scope, too, and nothing of this name in it.
  const [, service, scope] = (component === 'payload' && NSPAWN_UNIT.exec(parent)) || [];
  const unit = service ?? scope;
  return unit === undefined ? undefined : machine('nspawn', unescaped(unit), components.slice(0, index));
}

function machine(runtime: string, name: string, above: readonly string[]): CgroupContainer | undefined {
  if (name === '') return undefined;
  const user = above.map((part) => USER_SLICE.exec(part)?.[1]).find((uid) => uid !== undefined);
  return { runtime, id: [runtime, ...(user === undefined ? [] : [user]), name].join('/'), name };
}

/** A name in the name of a unit, systemd-escape(1): `web\x2d1` is `web-1`. */
function unescaped(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

function containerOfComponent(components: readonly string[], index: number): CgroupContainer | undefined {
  const component = components[index] ?? '';
  // An unknown prefix, such as that of a monitor (`libpod-conmon`, `crio-conmon`), is not a container's.
  const match = COMPONENT.exec(component);
  if (match !== null) {
    const [, prefix, id = ''] = match;
    const runtime = prefix === undefined ? runtimeOfParents(components, index) : RUNTIME_BY_PREFIX.get(prefix);
    return runtime === undefined ? undefined : { runtime, id };
  }
  const system = machineOfComponent(components, index);
  if (system !== undefined) return system;
  return FARGATE.test(component) && components.lastIndexOf('ecs', index) > 0
    ? { runtime: 'ecs', id: component }
    : undefined;
}

/** The runtime of an id without a prefix, by its parent directories. */
function runtimeOfParents(components: readonly string[], index: number): string | undefined {
  const parent = components[index - 1];
  // An id there is a Podman pod's; the containers in it have a prefix.
  if (parent === 'libpod_parent') return undefined;
  if (parent === 'docker') return 'docker';
  // containerd's namespaces: `default` of ctr and nerdctl, `k8s.io` of the kubelet.
  if (parent === 'default' || parent === 'k8s.io') return 'containerd';
  // kubelet's cgroup file system driver: the container is a child of its pod.
  if (parent?.startsWith('pod') && components.some((component) => component.startsWith('kubepods')))
    return 'kubernetes';
  // /ecs/TASK/ID is Docker's, and so is any parent given with --cgroup-parent.
  return 'docker';
}
