/**
 * What the kubelet asks a runtime for, given a pod's specification: pkg/kubelet/kuberuntime of Kubernetes 1.30. Fields
 * that are not known here are refused, so that no part of a manifest goes untested.
 */
import fs from 'node:fs';
import type { ContainerSecurity, PodContainerOptions, PodOptions } from '../../support/runtimes/pods.ts';

type Value = Record<string, unknown>;

/** Of every container that is not privileged: pkg/securitycontext/util.go. */
const MASKED_PATHS = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
];
const READONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** The pod of a DaemonSet and its only container. */
export interface KubeletPod {
  pod: PodOptions;
  container: PodContainerOptions;
  /** What the kubelet asks to learn whether it lives, and whether it is ready; from the node's network. */
  probes: { liveness: string; readiness: string };
}

/** What the node has that a pod mounts. */
export interface NodeFolders {
  /** Where a folder of the node is on this machine, for the node and the container alike; undefined for none such. */
  sharedAt(folder: string): string | undefined;
  /** A folder of the test for one of the node, of a type of HostPathVolumeSource. */
  hostFolder(folder: string, type: string | undefined): string;
  /** An empty folder of the test for the files of a Secret, and what they have in them. */
  secret(name: string): { folder: string; data: Readonly<Record<string, string>> };
}

/** @param manifest the DaemonSet as an object */
export function kubeletPod(manifest: Value, node: NodeFolders): KubeletPod {
  const template = (manifest.spec as Value).template as Value;
  const spec = known(template.spec as Value, {
    // Of the scheduler, the API server and the controller.
    ignored: ['automountServiceAccountToken', 'terminationGracePeriodSeconds', 'nodeSelector', 'tolerations'],
    fields: ['hostPID', 'hostNetwork', 'containers', 'volumes', 'enableServiceLinks'],
  });
  const [only, ...others] = spec.containers as Value[];
  if (only === undefined || others.length > 0) throw new Error('one container is expected');
  const container = known(only, {
    fields: ['name', 'image', 'args', 'securityContext', 'volumeMounts', 'livenessProbe', 'readinessProbe'],
    // A cgroup's, which differ between machines.
    ignored: ['resources'],
  });
  const volumes = new Map((spec.volumes as Value[]).map((volume) => [volume.name, mounted(volume, node)]));
  const { name, namespace } = manifest.metadata as { name: string; namespace: string };
  return {
    pod: {
      name: `${name}-x7k2p`,
      namespace,
      labels: (template.metadata as Value).labels as Record<string, string>,
      hostNetwork: spec.hostNetwork === true,
      hostPid: spec.hostPID === true,
    },
    container: {
      name: container.name as string,
      image: `docker.io/library/${container.image}`,
      args: (container.args as unknown[]).map(String),
      mounts: (container.volumeMounts as Value[]).map((mount) => {
        const { name, mountPath, readOnly } = known(mount, { fields: ['name', 'mountPath', 'readOnly'] });
        const place = String(mountPath);
        const container = node.sharedAt(place) ?? place;
        return { host: volumes.get(name) ?? '', container, readonly: readOnly === true };
      }),
      security: securityOf(container.securityContext as Value),
    },
    probes: {
      liveness: probed(container.livenessProbe as Value),
      readiness: probed(container.readinessProbe as Value),
    },
  };
}

/** The folder of a volume, made as the kubelet makes it. */
function mounted(volume: Value, node: NodeFolders): string {
  if (volume.hostPath !== undefined) {
    const { path, type } = known(volume.hostPath as Value, { fields: ['path', 'type'] });
    return node.sharedAt(String(path)) ?? node.hostFolder(String(path), type as string | undefined);
  }
  const { secretName, defaultMode } = known(volume.secret as Value, { fields: ['secretName', 'defaultMode'] });
  const { folder, data } = node.secret(String(secretName));
  // Each file is a link to one below `..data`, which is a link to a folder of that version: pkg/volume/util/atomic_writer.go.
  fs.mkdirSync(`${folder}/..2026`);
  fs.symlinkSync('..2026', `${folder}/..data`);
  for (const [name, text] of Object.entries(data)) {
    fs.writeFileSync(`${folder}/..2026/${name}`, text);
    fs.chmodSync(`${folder}/..2026/${name}`, Number(defaultMode));
    fs.symlinkSync(`..data/${name}`, `${folder}/${name}`);
  }
  return folder;
}

/** Where a probe asks. */
function probed(probe: Value): string {
  const { httpGet } = known(probe, { fields: ['httpGet'], ignored: ['periodSeconds', 'timeoutSeconds'] });
  const { host, port, path } = known(httpGet as Value, { fields: ['host', 'port', 'path'] });
  return `http://${host}:${port}${path}`;
}

function securityOf(context: Value): ContainerSecurity {
  const fields = ['runAsUser', 'readOnlyRootFilesystem', 'allowPrivilegeEscalation', 'capabilities', 'seccompProfile'];
  const security = known(context, { fields: [...fields, 'appArmorProfile', 'seLinuxOptions'] });
  const { add, drop } = security.capabilities as { add: string[]; drop: string[] };
  if ((security.seccompProfile as Value).type !== 'RuntimeDefault') throw new Error('another seccomp profile');
  if ((security.appArmorProfile as Value).type !== 'Unconfined') throw new Error('another AppArmor profile');
  return {
    user: BigInt(security.runAsUser as number),
    add,
    drop,
    readonlyRoot: security.readOnlyRootFilesystem === true,
    noNewPrivileges: security.allowPrivilegeEscalation === false,
    maskedPaths: MASKED_PATHS,
    readonlyPaths: READONLY_PATHS,
    appArmor: 'unconfined',
    seLinuxType: (security.seLinuxOptions as { type: string }).type,
  };
}

function known(value: Value, { fields, ignored = [] }: { fields: string[]; ignored?: string[] }): Value {
  const other = Object.keys(value).filter((name) => !fields.includes(name) && !ignored.includes(name));
  if (other.length > 0) throw new Error(`the test does not know ${other.join(', ')}`);
  return value;
}
