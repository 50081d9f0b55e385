import type { Fix } from '../model/finding/finding.ts';
import { baseSpec, containerdUnit } from './containerd.ts';
import {
  engineDefault,
  hostNetworkSysctl,
  limitNumber,
  type PlatformFixes,
  type PlatformOf,
  ulimitOption,
} from './parts.ts';

type Kubernetes = PlatformOf<'kubernetes'>;

/** Safe sysctls of Kubernetes: a pod can set them without configuration of the kubelet. */
const SAFE_SYSCTLS = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
];

/**
 * A pod's specification has no field for limits (KEP-5758 proposes one): they are those that the runtime of the node gives
 * to a container, or what a process in it makes of them.
 */
function limitFixes({ runtime, container, specified }: Kubernetes, name: string, soft: number, hard: number): Fix[] {
  const [first, ...others] = ofRuntime(runtime, specified, name, soft, hard);
  const fixes = first === undefined ? [] : [{ ...first, text: `${NO_FIELD}: ${first.text}` }, ...others];
  if (name === 'nofile') fixes.push(entrypoint(container, hard));
  return fixes;
}

/** Why the fix is on the nodes. */
const NO_FIELD = 'a pod has no field for it (KEP-5758 is a proposal), limits come from the runtime of its node';

function ofRuntime(
  runtime: string,
  specified: Kubernetes['specified'],
  name: string,
  soft: number,
  hard: number,
): Fix[] {
  if (runtime === 'docker')
    return [{ ...engineDefault(name, soft, hard), where: '/etc/docker/daemon.json on every node' }];
  if (runtime !== 'cri-o') return ofContainerd(specified, name, soft, hard);
  return [
    {
      where: '/etc/crio/crio.conf.d/ on every node',
      text: 'restart CRI-O; it applies to pods created afterwards',
      snippet: `[crio.runtime]\ndefault_ulimits = ["${ulimitOption(name, soft, hard)}"]`,
    },
  ];
}

/** A limit in the specification wins over the one that containers inherit: which of the two applies, the container shows. */
function ofContainerd(specified: Kubernetes['specified'], name: string, soft: number, hard: number): Fix[] {
  const unit = containerdUnit(name, soft, hard, `on every node (${UNITS_OF_CONTAINERD}): `);
  const base = baseSpec(name, soft, hard);
  if (specified === undefined) return [unit, base, eksNodeConfig(name, soft, hard)];
  return specified.includes(name) ? [base, eksNodeConfig(name, soft, hard)] : [unit, base];
}

/** Distributions that run containerd themselves have no `containerd.service`. */
const UNITS_OF_CONTAINERD =
  'of k3s it is k3s.service or k3s-agent.service, of RKE2 rke2-server.service or rke2-agent.service';

/** Nodes of EKS with AL2023 have a base specification: nofile 65536:1048576 (amazon-eks-ami, nodeadm). */
function eksNodeConfig(name: string, soft: number, hard: number): Fix {
  const entry = `{type: RLIMIT_${name.toUpperCase()}, soft: ${limitNumber(soft)}, hard: ${limitNumber(hard)}}`;
  return {
    where: 'NodeConfig in the user data of EKS nodes (Amazon Linux 2023)',
    text: 'nodeadm writes it into /etc/containerd/base-runtime-spec.json; replace the nodes',
    snippet: `spec:\n  containerd:\n    baseRuntimeSpec:\n      process:\n        rlimits:\n          - ${entry}`,
  };
}

/** A fix without privileges: a process can raise its soft limit up to the hard one. An init container cannot: it is another process. */
function entrypoint(container: string | undefined, hard: number): Fix {
  return {
    where:
      container === undefined
        ? "the container's command"
        : `the command of container ${container}, in the pod's template`,
    text: `raises the soft limit to the hard limit before the program starts, which needs no privilege; enough where the hard limit is at least ${limitNumber(hard)}. An init container cannot do it: a limit belongs to a process`,
    snippet: 'command: ["sh", "-c", "ulimit -n \\"$(ulimit -Hn)\\" && exec \\"$@\\"", "sh", …]',
  };
}

/** https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster and …/concepts/policy/pid-limiting. */
export const kubernetesFixes: PlatformFixes<Kubernetes> = {
  limit: limitFixes,
  sysctl: ({ hostNetwork }, key, value) => {
    if (hostNetwork) return [hostNetworkSysctl(key, value)];
    const safe = SAFE_SYSCTLS.includes(key);
    const pod: Fix = {
      where: 'the pod, spec.securityContext',
      text: safe
        ? 'a safe sysctl (the newest since Kubernetes 1.32): any pod can set it'
        : 'an unsafe sysctl: allow it in the kubelet of the node first',
      snippet: `securityContext:\n  sysctls:\n    - name: ${key}\n      value: ${JSON.stringify(value)}`,
    };
    const kubelet: Fix = {
      where: "the kubelet's configuration on every node that can run the pod",
      text: 'restart the kubelet; a node without this setting rejects the pod',
      snippet: `allowedUnsafeSysctls:\n  - ${key}`,
    };
    return safe ? [pod] : [kubelet, pod];
  },
  pids: (_platform, max) => [
    {
      where: "the kubelet's configuration on every node",
      text: 'a pod has no field for it: set it for all pods of the node and restart the kubelet',
      snippet: `podPidsLimit: ${max}`,
    },
  ],
};
